"""``python -m experiments.representations``."""

from experiments.representations import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
