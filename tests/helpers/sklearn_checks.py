"""All of scikit-learn's checks of the estimators: `python -m tests.helpers.sklearn_checks`.

The suite runs a few of them; all take minutes, since each of about forty shapes of data is
compiled.
"""

import sys
import time

from sklearn.utils.estimator_checks import check_estimator

from jaxnn_experiments import GridMLPClassifier, GridMLPRegressor

# Two networks for each of two activations and rates, so that all that fits by itself is in use.
SMALL = {
    "activation": ("relu", "tanh"),
    "learning_rate": (0.01, 0.03),
    "depth": 1,
    "width": 8,
    "seeds": 2,
    "members": 2,
    "steps": 200,
    "batch_size": 32,
}
# Checks that cannot pass, with the reason.
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": "a row of weight 2 is two rows to the fit, "
    "but not to the random split into rows to train on and to choose by",
}
ESTIMATORS = (GridMLPClassifier, GridMLPRegressor)


def main() -> int:
    """Run them; the exit code is 1 where one fails that should pass."""
    failed = 0
    for estimator in ESTIMATORS:
        began = time.process_time()

        def say(check_name: str, status: str, exception: object, **_: object) -> None:
            if status != "passed":
                print(f"  {check_name}: {status}: {str(exception)[:300]}", flush=True)

        found = check_estimator(
            estimator(**SMALL), on_fail=None, callback=say, expected_failed_checks=EXPECTED
        )
        counts = {name: sum(each["status"] == name for each in found) for name in STATUS}
        spent = time.process_time() - began
        print(f"{estimator.__name__}: {counts}, {spent:.0f} CPU-seconds", flush=True)
        failed += counts["failed"]
    return int(failed > 0)


STATUS = ("passed", "skipped", "xfail", "failed")

if __name__ == "__main__":
    sys.exit(main())
