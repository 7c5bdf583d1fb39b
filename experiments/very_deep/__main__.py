"""``python -m experiments.very_deep``."""

from experiments.very_deep import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
