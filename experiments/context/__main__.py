"""``python -m experiments.context``."""

from experiments.context import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
