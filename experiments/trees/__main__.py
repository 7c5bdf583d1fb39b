"""``python -m experiments.trees``."""

from experiments.trees import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
