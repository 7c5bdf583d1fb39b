"""Whether what is published of an experiment is what the present code gives."""

from typing import NamedTuple

from experiments.lab.evidence import published
from experiments.lab.evidence.experiment import Experiment
from experiments.lab.io.files import plain
from experiments.lab.results.provenance import settings, versions

CURRENT = "current"


class Currency(NamedTuple):
    """What is out of date, in words; empty where nothing is.

    Args:
        measurement: why it would be measured again.
        conclusion: why it would be concluded again.
    """

    measurement: str = ""
    conclusion: str = ""

    def __str__(self):
        return ", ".join(filter(None, self)) or CURRENT


def currency(experiment: Experiment) -> Currency:
    """What is out of date in an experiment's published results."""
    last = published.read(experiment.name)
    if last is None:
        return Currency("not measured")
    defaults, code = experiment.configuration(), last.get("code", {})
    conclusion = (
        ""
        if code.get("conclusion") == experiment.conclusion_code()
        else "concluded by an earlier rule"
    )
    if last["fingerprint"] == experiment.fingerprint(defaults):
        return Currency("", conclusion)
    if last["configuration"] != plain(experiment.settings(defaults)):
        return Currency("measured with other flags than the present defaults", conclusion)
    if code.get("measurement") != experiment.measurement_code():
        return Currency("measured with earlier code", conclusion)
    now = versions()
    others = [
        f"{library} {version}"
        for library, version in last["versions"].items()
        if version != now.get(library)
    ]
    if not others and last.get("jax") != settings():
        others = ["other settings of JAX"]
    return Currency(f"measured with {', '.join(others) or 'other libraries'}", conclusion)
