"""--config: the settings of a file, of which the flags of the command line win."""

import json
from dataclasses import replace

import pytest

from experiments.activations import Configuration
from experiments.lab.io import cli, config_file
from experiments.lab.io.errors import UserError
from experiments.lab.io.files import plain

EARLIER = Configuration(
    data="t.csv",
    target="price",
    as_=("zip=category",),
    learning_rate=("0.1", "1.0"),
    steps=100,
    fixed_grid=True,
    no_header=True,
    twins=False,
)


@pytest.fixture
def file(tmp_path):
    """As a job writes it: learning rates are numbers by then."""
    settings = plain(vars(EARLIER)) | {"learning_rate": [0.1, 1.0], "own_activations": {}}
    settings = {name: settings[name] for name in settings if name not in config_file.ELSEWHERE}
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"experiment": "activations", "configuration": settings}))
    return path


def test_all_settings_come_from_the_file(file):
    found = cli.parse(Configuration, ["--config", str(file)])
    assert found == replace(EARLIER, config=file)
    assert config_file.changed(found) == {}


def test_flags_win_over_the_file(file):
    words = [f"--config={file}", "--seeds", "3", "--epochs", "2", "--twins", "--no-fixed-grid"]
    found = cli.parse(Configuration, words)
    wins = {"seeds": 3, "epochs": 2.0, "steps": None, "twins": True, "fixed_grid": False}
    assert found == replace(EARLIER, config=file, **wins)
    assert config_file.changed(found) == wins  # what the report says


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "it is damaged ("),
        ("[]", "it is no config.json of a run; give one that experiments.activations has written"),
        ('{"experiment": "bias", "configuration": {}}', "it is of the experiment bias; give one"),
        (
            '{"experiment": "activations", "configuration": {"seedz": 3}}',
            "it has the setting seedz, which this version does not know (nearest: seeds); take it",
        ),
        (
            '{"experiment": "activations", "configuration": {"seeds": "ten"}}',
            "--seeds ten: give a whole number, such as 100",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(content, message, tmp_path):
    path = tmp_path / "config.json"
    path.write_text(content)
    with pytest.raises(UserError) as error:
        cli.parse(Configuration, ["--config", str(path)])
    said = str(error.value)
    assert said.startswith(f"--config {path}: ") and message in said and "\n" not in said
