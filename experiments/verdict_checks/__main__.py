"""``python -m experiments.verdict_checks``."""

from experiments.verdict_checks import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
