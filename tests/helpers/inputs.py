"""Generated inputs by the thousand: each is read right, or refused in one sentence.

    python -m tests.helpers.inputs --count 12000
    python -m tests.helpers.inputs --count 1 --seed 4711 --kinds "a table as written"

Every input has a number, from which all of it is drawn; what goes wrong is named by it. It prints a
table by kind, and each input that was neither right nor refused.
"""

import argparse
import collections
import csv
import gzip
import io
import json
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from experiments import activations
from experiments.lab.data import load, prepare
from experiments.lab.io import cli
from experiments.lab.io.errors import UserError
from experiments.lab.io.text import shown

SECONDS = 10.0  # after which an input is slow
LONGEST = 1000  # characters of a refusal
# What a refusal must not show: words of Python and of libraries that mean nothing to a user.
INTERNAL = ("Traceback", "object at 0x", "<class", "pyarrow", "numpy.core", "pandas.", "Errno")
WORDS = ("red", "green", "light blue", "naïve", "10 %", "a,b", 'say "so"', "O'Neil", "no; yes", "x")
ODD = (
    *"",
    "0",
    "-1",
    "1e400",
    "nan",
    "inf",
    "1e2",
    "x",
    "0x10",
    "[/b]",
    "\x1b[31m",
    "é",
    "a" * 300,
)


class Wrong(Exception):
    """An input was read, and not as it was written."""


Input = Callable[[np.random.Generator, Path], None]  # writes it and reads it


def as_written(rng: np.random.Generator, folder: Path) -> None:
    """A table in some dialect, whose cells are known."""
    rows = int(rng.integers(20, 60))
    decimal = str(rng.choice([".", ","]))
    separator = str(rng.choice([",", ";", "\t", "|"] if decimal == "." else [";", "\t", "|"]))
    encoding = str(rng.choice(["utf-8", "utf-8-sig", "utf-16", "cp1252"]))
    truth, cells = {}, {}
    for number in range(int(rng.integers(1, 6))):
        name = f"{rng.choice(['size', 'Größe', 'a b', 'no.', 'x,y', 'café'])} {number}"
        truth[name], cells[name] = _column(rng, rows, decimal)
    cells["y"] = [str(label) for label in rng.permutation(np.arange(rows) % 3 % 2 + 1)]
    lines = io.StringIO()
    writer = csv.writer(
        lines,
        delimiter=separator,
        quoting=int(rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        lineterminator=str(rng.choice(["\n", "\r\n"])),
    )
    writer.writerow(cells)
    writer.writerows(zip(*cells.values(), strict=True))
    content = lines.getvalue()[: -1 if rng.random() < 0.1 else None].encode(encoding)
    path = folder / "t.csv"
    if rng.random() < 0.2:
        path, content = folder / "t.csv.gz", gzip.compress(content)
    path.write_bytes(content)
    found = load(str(path), target="y", task="classification")
    prepare(found)
    for name, expected in truth.items():
        if name not in found.x:
            if len({*expected} - {None}) < 2 or name in dict(found.left_out):
                continue
            raise Wrong(f"{name} is not there; there is {list(found.x)}")
        got = found.x[name]
        if isinstance(expected[0], str | None):
            same = [None if pd.isna(cell) else str(cell) for cell in got] == expected
        elif isinstance(expected[0], np.datetime64):
            same = (got.to_numpy("datetime64[s]") == np.array(expected, "datetime64[s]")).all()
        else:
            values = pd.to_numeric(got, errors="coerce").to_numpy(np.float64)
            same = np.allclose(values, expected, rtol=1e-9, equal_nan=True)
        if not same:
            raise Wrong(f"{name}: {got.tolist()[:8]} for {cells[name][:8]}")


def _column(rng: np.random.Generator, rows: int, decimal: str) -> tuple[list, list[str]]:
    """The values of a column, and its cells."""
    kind = rng.choice(["number", "whole", "money", "percent", "word", "date"])
    empty = rng.random(rows) < rng.choice([0.0, 0.2])
    if kind == "word":
        words = rng.choice(WORDS[: rng.integers(2, len(WORDS))], rows).tolist()
        values = [None if gap else word for word, gap in zip(words, empty, strict=True)]
        return values, [word or "" for word in values]
    if kind == "date":
        days = np.datetime64("1990-01-01") + rng.integers(0, 9000, rows)
        return [np.datetime64(day) for day in days], [str(day) for day in days]
    places = int(rng.integers(1, 5))
    values = rng.normal(0, 10.0 ** rng.integers(0, 4), rows)
    values[0] /= 10 ** np.ceil(np.log10(np.abs(values).max()))  # 1.234 alone may be a thousand
    values = values.round(places)
    cells = [f"{value:.{places}f}".replace(".", decimal) for value in values]
    if kind == "whole":
        values = rng.integers(-500, 500, rows).astype(float)
        cells = [f"{value:.0f}" for value in values]
    elif kind == "money":
        values = np.abs(values)
        cells = [f"${cell.lstrip('-')}" for cell in cells]
    elif kind == "percent":
        cells = [f"{cell}%" for cell in cells]
        values = values / 100
    empty[0] = False  # the cell that tells a decimal comma from a thousand's
    word = str(rng.choice(["", "NA", "?", "n/a"]))
    if word:  # few enough, or the column is one of words
        empty = np.arange(rows) == rng.integers(1, rows)
    values[empty] = np.nan
    return values.tolist(), [word if gap else cell for cell, gap in zip(cells, empty, strict=True)]


def damaged(kind: str) -> Input:
    """A file of some format, with a few bytes changed, lost or added."""

    def run(rng: np.random.Generator, folder: Path) -> None:
        path = folder / FILES[kind](rng, folder)
        content = bytearray(path.read_bytes())
        for _ in range(int(rng.integers(1, 5))):
            place = int(rng.integers(len(content) + 1))
            length = int(rng.integers(1, 20))
            match rng.integers(5):
                case 0:
                    content[place : place + length] = rng.bytes(length)
                case 1:
                    del content[place : place + length]
                case 2:
                    content[place:place] = rng.bytes(length)
                case 3:
                    content = content[:place]
                case 4:
                    odd = ODD[rng.integers(len(ODD))].encode()
                    content[place:place] = odd + rng.choice([b",", b"\n", b'"', b""])
        path.write_bytes(content)
        where = path if kind != "idx" else folder
        prepare(load(str(where), target=None if kind in ("npz", "idx") else "y"))

    return run


def _table(rng: np.random.Generator) -> pd.DataFrame:
    rows = int(rng.integers(10, 40))
    return pd.DataFrame(
        {
            "a": rng.standard_normal(rows).round(3),
            "b": rng.choice(["x", "y", "z"], rows),
            "y": np.arange(rows) % 2,
        }
    )


def _csv(rng: np.random.Generator, folder: Path) -> str:
    _table(rng).to_csv(folder / "t.csv", index=False)
    return "t.csv"


def _parquet(rng: np.random.Generator, folder: Path) -> str:
    _table(rng).to_parquet(folder / "t.parquet")
    return "t.parquet"


def _json(rng: np.random.Generator, folder: Path) -> str:
    _table(rng).to_json(folder / "t.json", orient="records")
    return "t.json"


def _npz(rng: np.random.Generator, folder: Path) -> str:
    x = rng.standard_normal((int(rng.integers(10, 40)), 4))
    np.savez(folder / "t.npz", x=x, y=np.arange(len(x)) % 2)
    return "t.npz"


def _idx(rng: np.random.Generator, folder: Path) -> str:
    for part in ("train", "t10k"):
        images = rng.integers(0, 256, (30, 4, 4), np.uint8)
        header = np.array([0x803, 30, 4, 4], ">i4").tobytes()
        (folder / f"{part}-images-idx3-ubyte").write_bytes(header + images.tobytes())
        labels = (np.arange(30) % 3).astype(np.uint8)
        header = np.array([0x801, 30], ">i4").tobytes()
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(header + labels.tobytes())
    return f"{rng.choice(['train', 't10k'])}-{rng.choice(['images-idx3', 'labels-idx1'])}-ubyte"


FILES: Mapping[str, Callable[[np.random.Generator, Path], str]] = {
    "csv": _csv,
    "parquet": _parquet,
    "json": _json,
    "npz": _npz,
    "idx": _idx,
}


def flags(rng: np.random.Generator, folder: Path) -> None:
    """Flags of the main job, some of them with odd values."""
    known = {
        "--activation": ["relu", "tanh", "rleu", "RELU", "relu,tanh"],
        "--learning-rate": ["0.1", "1e-3:1:4", "1:1:1", "1e-3:1:x", "0:1:3", "1e-3:1:1000000000"],
        "--seeds": ["3", "0", "1000000000"],
        "--steps": ["10", "-5", "1e12"],
        "--width": ["8", "0", "10000000"],
        "--depth": ["1", "-1", "100000"],
        "--batch-size": ["16", "0", "1e2"],
        "--optimizer": ["sgd", "adam", "adamm"],
        "--data": ["iris", "irsi", "nowhere.csv", "https://", str(folder)],
        "--baseline": ["relu", "gelu", "x"],
        "--margin": ["0.01", "-1"],
        "--metric": ["accuracy", "auc", "r2", "acc"],
    }
    argv: list[str] = ["--data", "iris"] if rng.random() < 0.7 else []
    for name in rng.choice([*known], int(rng.integers(1, 5)), replace=False):
        odd = ODD[rng.integers(len(ODD))] if rng.random() < 0.3 else rng.choice(known[name])
        argv += [str(name), str(odd)]
    if rng.random() < 0.1:
        argv.append(str(rng.choice(["--what", "--seed", "-x", "--", "stray", "--help-me"])))
    from experiments.lab.study.ask import ask

    ask(cli.parse(activations.Configuration, [*argv, "--out", str(folder / "out")]), "question")


def model(rng: np.random.Generator, folder: Path) -> None:
    """A saved model, one of whose two files is damaged."""
    from experiments.lab.results import model as saved

    for name in (saved.DESCRIPTION, saved.PARAMETERS):
        shutil.copy(trained() / name, folder)
    name = str(rng.choice([saved.DESCRIPTION, saved.PARAMETERS]))
    path = folder / name
    if name == saved.DESCRIPTION and rng.random() < 0.7:
        description = json.loads(path.read_text(encoding="utf-8"))
        inside = description
        while isinstance(inside, dict | list) and inside and rng.random() < 0.7:
            keys = [*inside] if isinstance(inside, dict) else [*range(len(inside))]
            key = keys[rng.integers(len(keys))]
            if not isinstance(inside[key], dict | list) or rng.random() < 0.3:
                odd: Sequence = (None, -1, 1e9, "x", [], {}, True, [[[]]])
                inside[key] = odd[rng.integers(len(odd))]
                break
            inside = inside[key]
        path.write_text(json.dumps(description), encoding="utf-8")
    else:
        content = bytearray(path.read_bytes())
        for place in rng.integers(len(content), size=int(rng.integers(1, 6))):
            content[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(content[: None if rng.random() < 0.7 else int(rng.integers(len(content)))])
    found = saved.load(folder)
    found.outputs(np.zeros((2, found.preprocessing.features), np.float32))


_TRAINED: list[Path] = []


def trained() -> Path:
    """A folder with a model, trained once."""
    if not _TRAINED:
        from tests.helpers.commands import exit_code

        _TRAINED.append(Path(tempfile.mkdtemp(prefix="jaxnn-inputs-")) / "run")
        small = ["--data", "iris", "--activation", "relu", "--learning-rate", "0.1", "--seeds", "2"]
        more = ["--steps", "5", "--width", "4", "--fixed-grid", "--out", str(_TRAINED[0])]
        assert exit_code(activations, *small, *more) == 0
    return _TRAINED[0]


KINDS: Mapping[str, Input] = {
    "a table as written": as_written,
    **{f"a damaged {kind}": damaged(kind) for kind in FILES},
    "flags": flags,
    "a damaged model": model,
}


def outcome(kind: str, seed: int) -> tuple[str, str]:
    """What became of an input: right, refused, or what is wrong; and what was said."""

    def too_long(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("error")
            KINDS[kind](np.random.default_rng([seed, *kind.encode()]), Path(folder))
        return "right", ""
    except (UserError, SystemExit) as error:
        said = shown(str(error))
        if isinstance(error, SystemExit):  # of the flags
            return ("refused" if error.code == 2 else "right"), said
        if "\n" in said or not said.isprintable() or len(said) > LONGEST:
            return "unclear", said[:LONGEST]
        inside = [word for word in INTERNAL if word in said]
        return ("unclear", said) if inside or not said else ("refused", said)
    except TimeoutError:
        return "slow", f"over {SECONDS:.0f} s"
    except MemoryError:
        return "memory", traceback.format_exc(limit=-2)
    except Wrong as error:
        return "wrong", str(error)
    except BaseException:
        return "traceback", traceback.format_exc(limit=-3)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def main() -> int:
    """Generate, read and count; the exit code is 1 where an input was neither right nor refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", default=[*KINDS])
    asked = parser.parse_args()
    found: dict[str, collections.Counter] = {kind: collections.Counter() for kind in asked.kinds}
    began, bad = time.perf_counter(), 0
    if "a damaged model" in asked.kinds:
        trained()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(asked.count):
        kind = asked.kinds[number % len(asked.kinds)]
        what, said = outcome(kind, asked.seed + number)
        found[kind][what] += 1
        if what not in ("right", "refused"):
            bad += 1
            print(f"{what}: {kind}, --count 1 --seed {asked.seed + number}: {said}", flush=True)
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 2**10
    print(pd.DataFrame(found).T.fillna(0).astype(int).to_string())
    print(f"{asked.count:,} inputs in {time.perf_counter() - began:.0f} s, {more:.0f} MiB more")
    for path in _TRAINED:
        shutil.rmtree(path.parent, ignore_errors=True)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
