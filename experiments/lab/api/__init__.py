"""The experiments in Python: a call that does what the command does, and estimators."""

from experiments.lab.api.compare import compare
from experiments.lab.api.estimators import GridMLPClassifier, GridMLPRegressor
from experiments.lab.api.result import Result

__all__ = ["GridMLPClassifier", "GridMLPRegressor", "Result", "compare"]
