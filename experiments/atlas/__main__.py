"""``python -m experiments.atlas``."""

from experiments.atlas import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
