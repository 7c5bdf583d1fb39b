"""--config: the settings of an earlier run, from the config.json that it has written."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from experiments.lab.io.errors import UserError
from experiments.lab.io.text import nearest
from experiments.lab.io.words import as_words, by_flag

FLAG = "--config"
EXPERIMENT = "activations"  # the one whose command takes the flag
# Flags that say where and by whom a job is done, and not what it is.
ELSEWHERE = {"config", "inspect", "out", "shard", "distributed", "coordinator", "processes"}
ELSEWHERE |= {"process", "compile_cache"}
OWN = {"own_activations", "own_functions"}  # among the settings of a study, but no flags
# Of two flags that cannot both be given, the one that is given leaves out the file's other.
EITHER = (("--steps", "--epochs"), ("--group", "--time"))


def words_of_file(configuration: type, given: Sequence[str]) -> list[str]:
    """The words of the command line that the file stands for; none where none is given.

    Args:
        configuration: the dataclass of the flags.
        given: the words of this command line, whose flags win over the file's.

    Raises:
        UserError: the file cannot be read, is no config.json of this experiment, or has a setting
            that is no flag.
    """
    if "config" not in {each.name for each in fields(configuration)}:
        return []
    flags = dict(by_flag(given)[1])
    if not (named := flags.get(FLAG)):
        return []
    settings = _settings(Path(named[0]))
    known = {each.name for each in fields(configuration)} - ELSEWHERE
    if unknown := [name for name in settings if name not in known]:
        raise UserError(
            f"{FLAG} {named[0]}: it has the setting {unknown[0]}, which this version does not know "
            f"(nearest: {nearest(unknown[0], known).split(', ')[0]}); take it out of the file"
        )
    for pair in EITHER:
        if set(pair) & flags.keys():
            settings = {k: v for k, v in settings.items() if f"--{k}" not in pair}
    return as_words(configuration, settings)


def _settings(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(
            f"{FLAG} {path}: it cannot be read ({error.strerror}); give the config.json of a "
            "finished run, such as runs/activations-digits/config.json"
        ) from None
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"{FLAG} {path}: it is damaged ({error}); give the config.json of another run"
        ) from None
    whose = found.get("experiment") if isinstance(found, dict) else None
    settings = found.get("configuration") if isinstance(found, dict) else None
    if whose != EXPERIMENT or not isinstance(settings, dict):
        of = f"it is of the experiment {whose}" if whose else "it is no config.json of a run"
        raise UserError(f"{FLAG} {path}: {of}; give one that experiments.{EXPERIMENT} has written")
    return {name: value for name, value in settings.items() if name not in OWN}


def changed(configuration: Any) -> dict[str, Any]:
    """The settings that differ from those of the file that --config names, by name."""
    if configuration.config is None:
        return {}
    from experiments.lab.io.files import plain  # NumPy, which no flag needs

    before = _settings(Path(configuration.config))
    return {
        name: value
        for name, value in plain(_settings_of(configuration)).items()
        if name in before and _listed(before[name]) != _listed(value)
    }


def further(configuration: Any) -> dict[str, Any]:
    """The settings of a job that the numbers of its runs do not depend on, such as ``single``."""
    own = type(configuration).__annotations__  # without those of the dataclass that it extends
    return {name: value for name, value in _settings_of(configuration).items() if name in own}


def _settings_of(configuration: Any) -> Mapping[str, Any]:
    return {
        each.name: getattr(configuration, each.name)
        for each in fields(configuration)
        if each.name not in ELSEWHERE
    }


def _listed(value: Any) -> Any:
    """Numbers that were given as text are those numbers."""
    if not isinstance(value, list):
        return value
    try:
        return [float(each) for each in value]
    except (TypeError, ValueError):
        return value
