"""``python -m experiments.ladder``."""

from experiments.ladder import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
