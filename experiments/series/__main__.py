"""``python -m experiments.series``."""

from experiments.series import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
