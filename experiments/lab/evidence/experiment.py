"""The form of an experiment: one file that says what it asks, how it measures, what follows, and how to draw it.

    @dataclass(frozen=True)
    class Configuration(Flags): ...                      # its fields are its flags

    def parts(configuration) -> list[Part]: ...          # what is measured, piece by piece; each is kept when it is done
    def conclude(configuration, found) -> Conclusion: ...
    def draw(configuration, found, conclusion) -> Figure: ...

    EXPERIMENT = Experiment(__file__, __doc__, Configuration, smoke={"seeds": 3}, claims=("G4",), parts=parts, conclude=conclude, draw=draw)

    if __name__ == "__main__":
        EXPERIMENT.start()

The docstring's first line is the question. `python -m experiments` finds the file by its EXPERIMENT.
"""

import datetime
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
from matplotlib.figure import Figure

from experiments.lab import drawing
from experiments.lab.engine.compile_cache import use_compile_cache
from experiments.lab.engine.devices import use_every_core
from experiments.lab.evidence.verdicts import Conclusion
from experiments.lab.io import cli
from experiments.lab.results.folder import RunFolder, fingerprint
from experiments.lab.results.provenance import provenance
from experiments.lab.study import screen

SECONDS = "seconds"
MEASURED = "measured.safetensors"
Arrays = Mapping[str, np.ndarray]
Found = Mapping[str, Arrays]


@dataclass(frozen=True)
class Flags:
    """What every experiment's command takes; none of it is in the numbers but by the fields that smoke makes small."""

    smoke: bool = False
    """Everything in small: shows within seconds that it works, and proves nothing."""
    again: bool = False
    """Measure anew what these flags have measured before."""
    out: Path | None = None
    """Folder for the results; runs/NAME when absent."""
    compile_cache: bool = True
    """Keep compiled programs in the user's cache folder for the next run."""


class Part(NamedTuple):
    """A piece of the measurement, seconds long, after which an interrupted command goes on.

    name: a file's name. run: from what earlier parts have found to named arrays. weight: its share of the time, for the time left.
    """

    name: str
    run: Callable[[Found], Arrays]
    weight: float = 1.0


@dataclass(frozen=True)
class Experiment:
    """One question, one command, one figure.

    file: __file__. doc: __doc__; its first line is the question. configuration: a frozen dataclass of flags.
    smoke: the fields of a run that ends within seconds. claims: the ids that it gives verdicts on.
    parts, conclude, draw: as in this module's docstring; conclude and draw are pure.
    """

    file: str
    doc: str
    configuration: type[Flags]
    smoke: Mapping[str, Any]
    claims: tuple[str, ...]
    parts: Callable[[Any], Sequence[Part]]
    conclude: Callable[[Any, Found], Conclusion]
    draw: Callable[[Any, Found, Conclusion], Figure]

    @property
    def name(self) -> str:
        """The module's; of a folder's __init__.py the folder's."""
        file = Path(self.file)
        return file.parent.name if file.stem == "__init__" else file.stem

    @property
    def question(self) -> str:
        """The docstring's first line."""
        return self.doc.strip().splitlines()[0]

    def start(self, argv: Sequence[str] | None = None) -> NoReturn:
        """From the command line to the files."""
        argv = sys.argv[1:] if argv is None else argv
        default = (
            self.configuration(**self.smoke, smoke=True)
            if "--smoke" in argv
            else self.configuration()
        )
        cli.run(self.run, self.configuration, argv, default=default)

    def settings(self, configuration: Flags) -> dict[str, Any]:
        """The fields that the numbers depend on."""
        return {
            name: value
            for name, value in asdict(configuration).items()
            if name not in Flags.__dataclass_fields__
        }

    def run(self, configuration: Flags) -> None:
        """Measure what is not known yet, conclude, draw, and write the files."""
        use_every_core()
        if configuration.compile_cache:
            use_compile_cache()
        settings = self.settings(configuration)
        parts = self.parts(configuration)  # what cannot be measured is said before anything is
        folder = RunFolder(
            configuration.out
            or Path("runs") / (f"{self.name}-smoke" if configuration.smoke else self.name),
            fingerprint({"experiment": self.name, **settings}, ""),
        )
        screen.show_plan(
            [
                ("question", self.question),
                *((name.replace("_", " "), str(value)) for name, value in settings.items()),
            ]
        )
        measured = self._measured(parts, folder, again=configuration.again)
        began = time.perf_counter()
        found = _without_seconds(measured)
        conclusion = self.conclude(configuration, found)
        drawing.write(self.draw(configuration, found, conclusion), folder.path, self.name)
        folder.write_table("results.csv", conclusion.table)
        folder.write_json(
            "summary.json",
            {
                "experiment": self.name,
                "question": self.question,
                "finding": conclusion.finding,
                "verdicts": [asdict(each) for each in conclusion.verdicts],
            },
        )
        seconds = (
            sum(arrays[SECONDS].item() for arrays in measured.values())
            + time.perf_counter()
            - began
        )
        folder.write_json(
            "config.json",
            {
                "experiment": self.name,
                "question": self.question,
                "fingerprint": folder.fingerprint,
                **provenance(),
                "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
                "configuration": settings,
                "data": conclusion.data,
                "seconds": seconds,
            },
        )
        folder.write_arrays(
            MEASURED,
            {
                f"{part}/{name}": array
                for part, arrays in measured.items()
                for name, array in arrays.items()
            },
        )
        folder.finish()
        screen.show_verdicts(conclusion)
        screen.console.print(
            f"{seconds:.0f} s; figure: {folder.path / self.name}.png, numbers: {folder.path / 'results.csv'}"
        )

    def _measured(
        self, parts: Sequence[Part], folder: RunFolder, *, again: bool
    ) -> dict[str, Arrays]:
        """What each part finds, in order, and the seconds it took; what an earlier command has left is not measured again."""
        found: dict[str, Arrays] = {}
        for name, array in ({} if again else folder.arrays(MEASURED)).items():
            part, _, name = name.rpartition("/")
            found.setdefault(part, {})[name] = array
        found |= folder.kept_arrays()
        found = {part.name: found[part.name] for part in parts if part.name in found}
        with screen.Parts({part.name: part.weight for part in parts}, done=list(found)) as watch:
            for part in parts:
                if part.name in found:
                    continue
                watch.start(part.name)
                began = time.perf_counter()
                arrays = {
                    name: np.asarray(array)
                    for name, array in part.run(_without_seconds(found)).items()
                }
                found[part.name] = arrays | {SECONDS: np.array([time.perf_counter() - began])}
                folder.keep_arrays(part.name, found[part.name])
                watch.finish(part.name)
        return {part.name: found[part.name] for part in parts}


def _without_seconds(found: Found) -> dict[str, Arrays]:
    return {
        part: {name: array for name, array in arrays.items() if name != SECONDS}
        for part, arrays in found.items()
    }
