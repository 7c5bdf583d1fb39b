"""``python -m experiments.test_points``."""

from experiments.test_points import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
