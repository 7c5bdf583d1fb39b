"""Outside text on a terminal: one line, no control, no markup, no secrets; by kind."""

import io
import os

import pytest
from rich.table import Table
from rich.text import Text

from experiments import activations
from experiments.lab.io import cli
from experiments.lab.io.errors import UserError
from experiments.lab.io.streams import Output
from experiments.lab.io.terminal import Screen
from experiments.lab.io.text import nearest, shown, without_secrets
from tests.helpers.commands import exit_code

HOSTILE = [
    "\x1b[2J\x1b[31mred",
    "bell\x07",
    "two\nlines",
    "\r overwritten",
    "\x9b31m",
    "turned \u202e around",
    "\ud800",
    "[/x] [red]a[/red] [link=http://x]y[/link] :smile:",
]


def refuse(text):
    raise UserError(text)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_from_outside_drives_nothing_wherever_it_is_printed(name, capsys):
    assert cli.exit_code(lambda: refuse(f"column {name}: wrong")) == 2
    error = capsys.readouterr().err
    screen = Screen()
    screen.print(f"out{name}")
    said = capsys.readouterr().out
    table = Table()
    table.add_column(Text(shown(name)))
    table.add_row(Text(shown(name)))
    screen.print(table)
    screen.print(Text(name.replace("\n", " ")))
    tabular = capsys.readouterr().out
    assert error.count("\n") == said.count("\n") == 1
    for text in (error, said, tabular):
        assert all(sign.isprintable() for sign in text.replace("\n", ""))
    if name.startswith("[/x]"):
        assert f"out{name}\n" == said and name in error


def test_names_of_columns_and_classes_are_text_in_inspect_and_in_errors(tmp_path, capsys):
    rows = [f"{number},{'a' if number % 2 else 'b'}\x1b[31m[red],d\x9b2J" for number in range(40)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["x,kind\x1b[2J,[/x]\x07", *rows]), encoding="utf-8")
    flags = "--data", path, "--inspect", "--target"
    assert exit_code(activations, *flags, "kind\x1b[2J") == 0
    assert exit_code(activations, *flags, "kind") == 2
    output, error = capsys.readouterr()
    for text in (output, error):
        assert all(sign.isprintable() for sign in text.replace("\n", ""))
        assert "kind\\x1b[2J" in text and "[/x]\\x07" in text
    assert "a\\x1b[31m[red]" in output


def test_a_text_of_a_million_characters_is_a_line_with_its_end():
    said = shown(f"column {'x' * 10**6} is wrong; correct it")
    assert len(said) < 2100 and said.startswith("column xx") and said.endswith("; correct it")
    assert shown(said) == said


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("http://me:key@h.org:80/a.csv?token=1", "http://h.org:80/a.csv?…"),
        ("error: https://h.org/a#key: gone", "error: https://h.org/a?…: gone"),
        ("'HTTPS://k@h.org/a?b' and ftp://u:p@h/x", "'HTTPS://h.org/a?…' and ftp://h/x"),
        ("what? me@home.org #1", "what? me@home.org #1"),
    ],
)
def test_secrets_of_urls_are_not_shown(text, public):
    assert without_secrets(text) == public == shown(text)


def test_lists_of_names_are_short():
    assert nearest("n77", [f"n{number}" for number in range(10_000)]).startswith("n77, ")
    assert len(nearest("n77", [f"n{number}" for number in range(10_000)])) < 100
    assert nearest("a", ["b"]) == "b"


class Closed(io.StringIO):
    """Nobody reads, as after `| head -1`."""

    def __init__(self):
        super().__init__()
        self._ends = os.pipe()

    def write(self, text):
        raise BrokenPipeError

    def fileno(self):
        return self._ends[1]


def test_an_output_that_nobody_reads_ends_no_work():
    stream = Output(Closed())
    assert stream.write("line\n") == 5 and stream.write("line\n") == 5
    stream.flush()
