"""``python -m experiments.encodings``."""

from experiments.encodings import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
