"""``python -m experiments.edge_of_stability``."""

from experiments.edge_of_stability import EXPERIMENT

if __name__ == "__main__":
    EXPERIMENT.start()
