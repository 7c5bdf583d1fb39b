"""``python -m experiments.mnist_depth``."""

from experiments.mnist_depth import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
