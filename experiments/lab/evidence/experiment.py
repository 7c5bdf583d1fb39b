'''The form of an experiment: one folder, or one file, that asks one question.

    experiments/NAME/
        __init__.py     the question, the flags, the parts of the measurement, EXPERIMENT
        __main__.py     EXPERIMENT.start()
        measure.py      what the parts call
        rules.py        the rules: for each claim its words and its function
        findings.py     conclude: from what was measured to verdicts, by these functions
        figure.py       draw

The folder's __init__.py:

    """Which learning rate?

        python -m experiments.NAME

    What is trained and compared.
    """

    @dataclass(frozen=True)
    class Configuration(Flags):
        """Which learning rate?"""

        seeds: int = 10
        """Networks of each rate."""

    def parts(configuration) -> list[Part]: ...

    EXPERIMENT = Experiment(
        __file__, __doc__, Configuration, smoke={"seeds": 2}, rules=RULES,
        parts=parts, conclude=conclude, draw=draw,
    )

The docstring's first line is the question. A field of Configuration is a flag, and its docstring
the flag's help. `python -m experiments` finds the folder by its EXPERIMENT; the finding and the
time that it shows come from the result files. Nothing else has to be changed, except that a new
claim needs its line in claims.py.

A rule is committed before its result is seen, and the book shows the commit. One that is changed
afterwards keeps what it was, and the verdict that it gave, in `former`.

What is measured is kept apart from what is concluded. A measurement has a fingerprint: of the
settings, of the libraries' versions, and of the code that `parts` and Configuration use (see
lab/results/code_hash.py). An edited formula is therefore measured again. An edited rule or figure,
which only `conclude` and `draw` use, concludes again from the stored measurement within seconds.
An edited docstring does neither.
'''

import datetime
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
from matplotlib.figure import Figure

from experiments.lab.drawing import style as drawing
from experiments.lab.engine.compile_cache import use_compile_cache
from experiments.lab.engine.devices import hardware, use_every_core
from experiments.lab.evidence import measurement, published, screen
from experiments.lab.evidence.history import set_in
from experiments.lab.evidence.measurement import Arrays, Found, Measurement
from experiments.lab.evidence.rules import Rule
from experiments.lab.evidence.verdicts import Conclusion
from experiments.lab.io import cli
from experiments.lab.io.errors import UserError
from experiments.lab.io.files import write_json, write_table, write_text
from experiments.lab.results.code_hash import code_of, digest, measuring_code
from experiments.lab.results.folder import RunFolder
from experiments.lab.results.provenance import fingerprint, provenance
from experiments.lab.study import named_activations

DERIVED = "derived"
_SECONDS = "/seconds"  # beside the arrays of a part that is kept; no array's name has a slash


@dataclass(frozen=True)
class Flags:
    """The flags of every experiment's command; the numbers depend on none of them."""

    smoke: bool = False
    """Everything in small: shows within seconds that it works, and proves nothing."""
    again: bool = False
    """Measure again what has been measured before."""
    out: Path | None = None
    """Folder for the results; runs/NAME when absent."""
    compile_cache: bool = True
    """Keep compiled programs in the user's cache folder for the next run."""


class Part(NamedTuple):
    """A piece of the measurement, seconds long, after which an interrupted command goes on.

    Args:
        name: of the part; it is also the name of a file.
        run: from what earlier parts have found to named arrays.
        weight: its share of the time, in any unit, from which the time left is estimated.
    """

    name: str
    run: Callable[[Found], Arrays]
    weight: float = 1.0


@dataclass(frozen=True)
class Experiment:
    """One question, one command, one figure.

    Args:
        file: the module's __file__.
        doc: the module's __doc__, whose first line is the question.
        configuration: a frozen dataclass of the flags.
        smoke: the fields of a run that ends within seconds, with their values.
        rules: by what it judges each of its claims.
        parts: from a configuration to the parts of the measurement; raises UserError where it
            cannot be measured.
        conclude: from a configuration and what was found to the conclusion; pure.
        draw: from these and the conclusion to the figure; pure.
        derive: from a configuration and what was found to named arrays that take long to work
            out, if there are any; pure. They are kept with the hash of this code, and are
            found[DERIVED] in ``conclude`` and ``draw``.
        panels: claim -> the number of the panel, among the figure's axes, that shows it by itself.
        page: from what ``draw`` takes to an HTML page of its own, NAME.html, if there is one; pure.
    """

    file: str
    doc: str
    configuration: type[Flags]
    smoke: Mapping[str, Any]
    rules: tuple[Rule, ...]
    parts: Callable[[Any], Sequence[Part]]
    conclude: Callable[[Any, Found], Conclusion]
    draw: Callable[[Any, Found, Conclusion], Figure]
    panels: Mapping[str, int] = field(default_factory=dict)
    derive: Callable[[Any, Found], Arrays] | None = None
    page: Callable[[Any, Found, Conclusion], str] | None = None

    @property
    def name(self) -> str:
        """The name of the module, or of the folder whose __init__.py it is."""
        file = Path(self.file)
        return file.parent.name if file.stem == "__init__" else file.stem

    @property
    def question(self) -> str:
        """The docstring's first line."""
        return self.doc.strip().splitlines()[0]

    @property
    def claims(self) -> tuple[str, ...]:
        """The ids in CLAIMS that it gives verdicts on."""
        return tuple(rule.claim for rule in self.rules)

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

    def measurement_code(self) -> str:
        """The hash of the code that its measurement comes from."""
        return measuring_code(self.configuration, self.parts)

    def conclusion_code(self) -> str:
        """The hash of its rules and of the code that its verdicts and its figure come from."""
        rules = json.dumps([rule.said() for rule in self.rules])
        others = [each for each in (self.derive, self.page) if each]
        return digest([rules, code_of(self.conclude, self.draw, drawing.write, *others)])

    def fingerprint(self, configuration: Flags) -> str:
        """The hash of all that a measurement's numbers depend on."""
        settings = self.settings(configuration)
        named = settings.get("activation", ())
        # The source of the user's own activations, which are code too.
        sources = named_activations.described([named] if isinstance(named, str) else named)
        asked = {"experiment": self.name, **settings, "own_activations": sources}
        return fingerprint(asked, "", self.measurement_code())

    def run(self, configuration: Flags) -> None:
        """Measure what is not measured yet, conclude, draw, and write the files."""
        self._check_values(configuration)
        use_every_core()
        if configuration.compile_cache:
            use_compile_cache()
        hardware()
        parts = self.parts(configuration)  # what cannot be measured is said before anything is
        name = f"{self.name}-smoke" if configuration.smoke else self.name
        path = configuration.out or Path("runs") / name
        with RunFolder(path, self.fingerprint(configuration)) as folder:
            self._run_in(folder, configuration, parts)

    def _check_values(self, configuration: Flags) -> None:
        """Refuse a flag without values that has some by default.

        Raises:
            UserError: there is one.
        """
        small = self.smoke if configuration.smoke else {}
        usual = self.settings(self.configuration(**small))
        for name, value in self.settings(configuration).items():
            if value == () and usual[name]:
                flag = f"--{name.replace('_', '-')}"
                raise UserError(f"{flag}: give at least one value, or leave {flag} out")

    def _run_in(self, folder: RunFolder, configuration: Flags, parts: Sequence[Part]) -> None:
        """In a folder that is this run's."""
        facts = [("question", self.question)]
        for name, value in self.settings(configuration).items():
            facts.append((name.replace("_", " "), str(value)))
        facts += [("note", said) for said in folder.news()]
        screen.show_plan(facts)
        known = None if configuration.again else self._known(folder)
        measured = known or self._measure(configuration, parts, folder)
        measured.write(folder.path / measurement.FILE)
        conclusion = self.conclude_into(folder.path, configuration, measured)
        folder.finish()
        if configuration.smoke:
            screen.show_bold("smoke: no verdict")
        else:
            screen.show_verdicts(conclusion)
        screen.console.print(
            f"{sum(measured.seconds.values()):.0f} s; figure: {folder.path / self.name}.png, "
            f"numbers: {folder.path / 'results.csv'}"
        )

    def conclude_into(
        self, folder: Path, configuration: Flags, measured: Measurement
    ) -> Conclusion:
        """Conclude from a measurement; write verdicts, table, figure, and how they were made.

        Raises:
            ValueError: the claims of the verdicts are not those of the experiment.
        """
        found = self._with_derived(folder, configuration, measured)
        conclusion = self.conclude(configuration, found)
        judged = {verdict.claim for verdict in conclusion.verdicts}
        if judged != set(self.claims):
            raise ValueError(
                f"experiment {self.name}: conclude gives verdicts on "
                f"{', '.join(sorted(judged)) or 'no claim'}, and its claims are "
                f"{', '.join(sorted(self.claims))}; name the same ones in both"
            )
        figure = self.draw(configuration, found, conclusion)
        drawing.write(figure, folder, self.name)
        for claim, panel in () if configuration.smoke else self.panels.items():
            drawing.write_panel(figure, panel, folder / published.panel(self.name, claim))
        if self.page:
            html = self.page(configuration, found, conclusion)
            write_text(folder / published.page(self.name), html)
        write_table(folder / "results.csv", conclusion.table)
        smoke = {"smoke": True} if configuration.smoke else {}
        about = {"experiment": self.name, "question": self.question, **smoke}
        said = {
            "finding": conclusion.finding,
            "verdicts": [asdict(verdict) for verdict in conclusion.verdicts],
            "rules": [rule.said() for rule in self.rules],
        }
        write_json(folder / "summary.json", about | said)
        made = dict(measured.made)
        code = {"measurement": made.pop("code"), "conclusion": self.conclusion_code()}
        seconds = sum(measured.seconds.values())
        write_json(
            folder / "config.json",
            about
            | {"fingerprint": measured.fingerprint, "code": code}
            | made
            | {"rules_set_in": {} if configuration.smoke else self._rules_set_in()}
            | {
                "data": self._data(conclusion, measured),
                "seconds": seconds,
                "measured_bytes": measured.size,
            },
        )
        return conclusion

    def _with_derived(
        self, folder: Path, configuration: Flags, measured: Measurement
    ) -> Mapping[str, Arrays]:
        """What was measured and what is derived from it, which is kept in the folder."""
        if self.derive is None:
            return measured.found
        code = code_of(self.derive)
        for place in (folder, published.RESULTS / self.name):
            known = measurement.read(place / measurement.DERIVED_FILE)
            if known and known.fingerprint == measured.fingerprint and known.made["code"] == code:
                break
        else:
            began = time.perf_counter()
            arrays = self.derive(configuration, measured.found)
            made = {"fingerprint": measured.fingerprint, "code": code}
            seconds = {DERIVED: time.perf_counter() - began}
            known = Measurement({DERIVED: arrays}, seconds, made)
        known.write(folder / measurement.DERIVED_FILE)
        return {**measured.found, **known.found}

    def _data(self, conclusion: Conclusion, measured: Measurement) -> Mapping[str, str]:
        """The hashes of the data; those that are published of the same measurement where known."""
        if not callable(conclusion.data):
            return conclusion.data
        last = published.read(self.name)
        known = last and last["fingerprint"] == measured.fingerprint
        return last["data"] if last and known else conclusion.data()

    def _rules_set_in(self) -> dict[str, str]:
        """claim -> the commit that set its rule, where git knows it."""
        file = Path(self.file)
        place = file.parent if file.stem == "__init__" else file
        commits = set_in([rule.words for rule in self.rules], place)
        return {claim: commit for claim, commit in zip(self.claims, commits, strict=True) if commit}

    def _known(self, folder: RunFolder) -> Measurement | None:
        """What is measured already with the same fingerprint: in the folder, or published."""
        for file in (folder.path, published.RESULTS / self.name):
            found = measurement.read(file / measurement.FILE)
            if found and found.fingerprint == folder.fingerprint:
                screen.console.print(
                    f"measured already ({os.path.relpath(file / measurement.FILE)}, "
                    f"{found.made['date']}); --again measures it again"
                )
                return found
        return None

    def _measure(
        self, configuration: Flags, parts: Sequence[Part], folder: RunFolder
    ) -> Measurement:
        """Measure part after part, but for those that an interrupted command has left."""
        kept = folder.kept_arrays()
        for said in folder.news():
            screen.console.print(said)
        found: dict[str, dict[str, np.ndarray]] = {}
        took: dict[str, np.ndarray] = {}  # on the clock, and of the processors
        done = [part.name for part in parts if part.name in kept]
        for name in done:
            found[name] = dict(kept[name])
            took[name] = found[name].pop(_SECONDS)
        with screen.Parts({part.name: part.weight for part in parts}, done) as watch:
            for part in parts:
                if part.name in found:
                    continue
                watch.start(part.name)
                began = _now()
                arrays = {name: np.asarray(array) for name, array in part.run(found).items()}
                found[part.name] = arrays
                took[part.name] = _now() - began
                folder.keep_arrays(part.name, {**arrays, _SECONDS: took[part.name]})
                watch.finish(part.name)
        made = {
            "fingerprint": folder.fingerprint,
            "code": self.measurement_code(),
            **provenance(),
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "configuration": self.settings(configuration),
            # Which other work on the machine hardly lengthens.
            "cpu_seconds": float(sum(spent for _, spent in took.values())),
        }
        in_order = [part.name for part in parts]
        return Measurement(
            {name: found[name] for name in in_order},
            {name: float(took[name][0]) for name in in_order},
            made,
        )


def _now() -> np.ndarray:
    """Seconds on the clock, and of the processors for this process and those that it waited for."""
    spent = os.times()
    return np.array([time.perf_counter(), sum(spent[:4])])
