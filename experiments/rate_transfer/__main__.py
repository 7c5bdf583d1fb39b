"""``python -m experiments.rate_transfer``."""

from experiments.rate_transfer import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
