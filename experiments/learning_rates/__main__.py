"""``python -m experiments.learning_rates``."""

from experiments.learning_rates import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
