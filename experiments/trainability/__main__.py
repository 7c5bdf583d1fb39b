"""``python -m experiments.trainability``."""

from experiments.trainability import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
