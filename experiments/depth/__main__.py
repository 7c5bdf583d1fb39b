"""``python -m experiments.depth``."""

from experiments.depth import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
