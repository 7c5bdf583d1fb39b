"""Jobs on tables drawn from a generator, where the expected score on new rows is known.

A job draws one table of rows. Each of its blocks splits that table anew into 64 % training, 16 %
validation (left unused) and 20 % test rows, draws the weights of networks with one random hidden
layer, one network for each activation, and solves the output layer by ridge regression. So the
blocks of a job share rows exactly as those of a study do, and choices share the split of a block.

``python -m tests.helpers.split_simulation`` measures what the docstrings of ``intervals`` and
``best_set`` state; 300 jobs of each kind take about ten minutes.
"""

import itertools

import numpy as np

from experiments.lab.study.best_set import best_set, bound
from experiments.lab.study.intervals import mean_over_splits_interval, new_rows_interval

ACTIVATIONS = (np.tanh, lambda a: np.maximum(a, 0), np.sin, lambda a: a / (1 + np.exp(-a)))
FEATURES = 8
TEST, TRAINING = 0.2, 0.64
OVERLAP = TEST / TRAINING


def draw_rows(rng, count, classes):
    """Inputs and targets: ±1 for classes, else a number."""
    x = rng.normal(size=(count, FEATURES))
    signal = 1.2 * x[:, 0] + np.sin(2 * x[:, 1]) + x[:, 2] * x[:, 3] / 2
    y = signal + (0.6 if classes else 0.8) * rng.normal(size=count)
    return x, np.sign(y) if classes else y


def scores_of_a_run(rng, training, test, classes, width):
    """Accuracy, or R², of each activation's network."""
    found = []
    for act in ACTIVATIONS:
        weights = 1.5 * rng.normal(size=(FEATURES, width)) / np.sqrt(FEATURES)
        biases = rng.normal(size=width)

        def hidden(x, act=act, weights=weights, biases=biases):
            return np.column_stack([act(x @ weights + biases), np.ones(len(x))])

        h, (x, y) = hidden(training[0]), test
        output = np.linalg.solve(h.T @ h + 0.3 * np.eye(width + 1), h.T @ training[1])
        guess = hidden(x) @ output
        found.append(
            np.mean(np.sign(guess) == y) if classes else 1 - np.mean((guess - y) ** 2) / y.var()
        )
    return np.array(found)


def job(rng, count, blocks, classes, width=24):
    """Scores of a job on a table of ``count`` rows, (choices, blocks)."""
    x, y = draw_rows(rng, count, classes)
    test, training = round(TEST * count), round(TRAINING * count)
    found = []
    for _ in range(blocks):
        order = rng.permutation(count)
        parts = order[test : test + training], order[:test]
        found.append(scores_of_a_run(rng, *((x[i], y[i]) for i in parts), classes, width))
    return np.stack(found, axis=1)


def expected(rng, count, classes, width=24, draws=2000):
    """Expected scores on new rows, (choices,), of networks trained on rows drawn anew each time.

    The test rows are as many as in a job, since R² on few rows is lower.
    """
    test, training = round(TEST * count), round(TRAINING * count)
    return np.mean(
        [
            scores_of_a_run(
                rng,
                draw_rows(rng, training, classes),
                draw_rows(rng, test, classes),
                classes,
                width,
            )
            for _ in range(draws)
        ],
        axis=0,
    )


def share_held(intervals, truth):
    """Share of the choices whose interval, (choices, 2), holds the truth, (choices,)."""
    return np.mean((intervals[:, 0] <= truth) & (truth <= intervals[:, 1]))


def main(jobs=300):
    """How often intervals, best set and bound hold what they should."""
    for classes, rows, blocks in itertools.product((True, False), (180, 570), (5, 10, 20)):
        rng = np.random.default_rng(0)
        truth, found = expected(rng, rows, classes), []
        for _ in range(jobs):
            scores = job(rng, rows, blocks, classes)
            first = int(np.argmax(scores.mean(axis=1)))
            found.append(
                {
                    "new rows": share_held(new_rows_interval(scores, OVERLAP), truth),
                    "mean over splits": share_held(mean_over_splits_interval(scores), truth),
                    "best set": best_set(scores)[np.argmax(truth)],
                    "bound": truth.max() - truth[first] <= bound(scores, first),
                }
            )
        held = {name: np.mean([each[name] for each in found]) for name in found[0]}
        print(
            "accuracy" if classes else "R²",
            f"of {rows} rows, {blocks} blocks:",
            ", ".join(f"{name} {share:.3f}" for name, share in held.items()),
            flush=True,
        )


if __name__ == "__main__":
    main()
