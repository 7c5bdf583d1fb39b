"""Commands as their users start them, in this process."""

import pytest

from experiments.lab.io import cli


def exit_code(experiment, *flags) -> int:
    """Run a module with `main` and `Configuration` from its command line; returns its exit code."""
    with pytest.raises(SystemExit) as stop:
        cli.run(experiment.main, experiment.Configuration, [str(flag) for flag in flags])
    return stop.value.code
