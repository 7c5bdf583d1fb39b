"""``python -m experiments.heads``."""

from experiments.heads import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
