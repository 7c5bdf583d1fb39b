"""``python -m experiments.thresholds``."""

from experiments.thresholds import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
