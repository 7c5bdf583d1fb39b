"""scikit-learn's MLPClassifier, run after run."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from experiments.benchmark.peers import Peer, Trained, Unsupported, start
from experiments.benchmark.workloads import Workload

NEVER = 10**9  # epochs without progress before it stops


def prepare(workload: Workload, x: np.ndarray, y: np.ndarray, learning_rates: np.ndarray):
    """See Peer. Steps are rounded to epochs; it draws its own parameters and batches."""
    if workload.kind != "mlp":
        raise Unsupported(
            f"MLPClassifier is an mlp; it does not train networks of kind {workload.kind}"
        )
    epoch = -(-workload.examples // workload.batch_size)  # the last batch of an epoch is smaller

    def train(runs: int, steps: int) -> Trained:
        epochs = max(1, round(steps / epoch))
        losses = []
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", ConvergenceWarning
            )  # it warns whenever max_iter ends the training
            for run in range(runs):
                model = MLPClassifier(
                    workload.sizes[1:-1],
                    activation=workload.activation,
                    solver="sgd",
                    momentum=0,
                    alpha=0,
                    nesterovs_momentum=False,
                    batch_size=workload.batch_size,
                    learning_rate_init=float(learning_rates[run]),
                    max_iter=epochs,
                    tol=0,
                    n_iter_no_change=NEVER,
                    random_state=start.seed_of(workload, run),
                ).fit(x, y)
                losses.append(model.loss_)  # mean over the last epoch
        return Trained(runs * epochs * epoch, np.array(losses))

    return train


PEER = Peer(
    "sklearn_mlp", "scikit-learn MLPClassifier, run after run", together=False, prepare=prepare
)
