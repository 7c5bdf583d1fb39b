"""``python -m experiments.rate_free``."""

from experiments.rate_free import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
