"""``python -m experiments.dying_relu``."""

from experiments.dying_relu import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
