"""Experiments: each asks one question, trains a grid of networks and answers with numbers."""

import sys

if sys.argv[:1] == ["-m"]:  # as long as Python looks for the module of `python -m experiments.NAME`
    from experiments.lab.io import ending

    ending.watch()
