"""``python -m experiments.plasticity``."""

from experiments.plasticity import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
