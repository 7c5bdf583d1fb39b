"""``python -m experiments.data_scaling``."""

from experiments.data_scaling import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
