"""``python -m experiments.maxout_dropout``."""

from experiments.maxout_dropout import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
