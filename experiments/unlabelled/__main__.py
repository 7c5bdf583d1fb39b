"""``python -m experiments.unlabelled``."""

from experiments.unlabelled import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
