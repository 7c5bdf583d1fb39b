"""``python -m experiments.mnist_1d``."""

from experiments.mnist_1d import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
