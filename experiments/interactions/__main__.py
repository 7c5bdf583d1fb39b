"""``python -m experiments.interactions``."""

from experiments.interactions import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
