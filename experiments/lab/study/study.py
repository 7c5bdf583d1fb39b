"""What is asked: one object that goes from the flags to training, comparison, files and report."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import jax.numpy as jnp
import numpy as np
import pandas as pd

import jaxnn
from experiments.lab.data import Dataset, Source, Splits
from experiments.lab.engine import stages
from experiments.lab.engine.devices import hardware
from experiments.lab.engine.outcome import Outcome
from experiments.lab.study import axes, building, diagnostics, rate
from experiments.lab.study.ends import ends
from experiments.lab.study.own_networks import Built
from experiments.lab.study.rate import ChosenRate
from experiments.lab.study.rules import Rules
from experiments.lab.study.score import Score, measured, score_of
from experiments.lab.study.trivial import trivial_losses
from jaxnn.activations import is_plain, one_of
from jaxnn.data_by_seed import DataBySeed
from jaxnn.losses import class_weighted
from jaxnn.program import POINTS
from jaxnn.training import Observer, Training
from jaxnn.types import Activation, Array, Network
from jaxnn.variants import CHOICE, Variant, share

# Curves have as many points as cost at most this share of training, but not fewer than what is said
# of half, three quarters and four fifths of the updates needs.
EVALUATION, FEWER_POINTS = 0.1, (POINTS, 10, 5)


@dataclass(frozen=True)
class Study:
    """What is asked, and all that the numbers depend on; nothing in it is a result.

    A structure is one combination of the grid's structure axes, such as {"activation": "relu",
    "depth": 2, …}; a list by structure has the order of ``grid.structures``.

    question: in one sentence.
    settings: the configuration by name, as the files record it.
    splits: the rows as found, and the arrays that each seed makes of them.
    asked: the grid that is asked for.
    activations: label -> one activation, or one per hidden layer.
    steps: updates of each network.
    refine: further seeds at each recommended rate.
    fixed: whether no rates are trained but those asked for.
    baseline: label of the activation that the others are compared with; None: the comparison's
        default.
    margin: a difference of scores that does not matter in practice; None: the score's.
    limit: the most updates to which the training is lengthened, where its length decides; None:
        it is not lengthened.
    metric: how runs are judged, a name in jaxnn.METRICS; None: accuracy or R².
    best_epoch: whether runs are judged at their best point by validation loss, and not at the end.
    balanced: whether the loss weighs a row by how rare its class is; see ``loss``.
    one_program: whether one compiled program trains all plain activations; None: as devices go.
    planned: the updates that schedules are made for, where they are stopped earlier; None: steps.
    """

    question: str
    settings: Mapping[str, Any]
    splits: Splits
    asked: jaxnn.Grid
    activations: Mapping[str, Sequence[Activation]]
    steps: int
    refine: int = 0
    fixed: bool = False
    baseline: str | None = None
    margin: float | None = None
    limit: int | None = None
    metric: str | None = None
    balanced: bool = False
    best_epoch: bool = False
    one_program: bool | None = None
    planned: int | None = None

    @cached_property
    def grid(self) -> jaxnn.Grid:
        """The widest that the grid may become, with further rates and seeds."""
        return stages.widest(self.asked, refine=self.refine, fixed=self.fixed)

    @property
    def source(self) -> Source:
        """The rows as found."""
        return self.splits.source

    @cached_property
    def data(self) -> Dataset:
        """The split of the first seed, with notes on its rows."""
        found = self.splits.of(self.grid.seed_numbers[0])
        notes = self.splits.notes_on(self.grid.seed_numbers[0], found.preprocessing)
        return found._replace(notes=notes)

    @cached_property
    def score(self) -> Score:
        """How runs are judged."""
        return score_of(self._each_split, self.metric)

    @cached_property
    def _each_split(self) -> list[Dataset]:
        """Without inputs, which of all seeds together would take much time and memory."""
        return [self.splits.targets(seed) for seed in self.grid.seed_numbers]

    @cached_property
    def loss(self) -> Callable[[Array, Array], Array]:
        """The error of one row that is trained on, and that validation rows choose a rate by.

        Balanced, a row of class k counts n / (classes · nₖ), where nₖ of the n training rows are
        of that class, so that every class has the same weight in total. The counts are those of
        the first seed's split: stratified splits all have the same, and where they are not
        stratified, all seeds still have one and the same loss.
        """
        return self._weighted(jaxnn.HEADS[self.data.head].loss)

    def _weighted(self, loss: Callable[[Array, Array], Array]) -> Callable[[Array, Array], Array]:
        """The loss with the weight of each row, if it has one."""
        data = self.data
        if not self.balanced:
            return loss
        numbers = data.y["train"].ravel().astype(int)
        counts = np.bincount(numbers, minlength=len(data.classes))
        return class_weighted(loss, counts.sum() / (len(counts) * np.maximum(counts, 1)))

    @property
    def axes(self) -> tuple[str, ...]:
        """The structure axes that are compared: the activation, and all with several values."""
        structure = self.grid.structure.items()
        return tuple(name for name, values in structure if name == "activation" or len(values) > 1)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """What to call each structure."""
        return tuple(
            label({name: structure[name] for name in self.axes})
            for structure in self.grid.structures
        )

    @property
    def left_out(self) -> tuple[str, ...]:
        """The columns of the rows as found that the networks do not see."""
        source, names = self.source, self.data.preprocessing.names
        columns = source.x if isinstance(source.x, pd.DataFrame) else ()
        unused = [name for name in columns if name not in names]
        return (*(name for name, _ in source.left_out), *unused)

    def number(self, chosen: Mapping[str, Any]) -> int:
        """The number of the structure with these values of the axes compared."""
        return next(
            number
            for number, structure in enumerate(self.grid.structures)
            if chosen.items() <= structure.items()
        )

    def layers(self, structure: Mapping[str, Any]) -> tuple[Activation, ...]:
        """One activation per hidden layer."""
        phi = tuple(self.activations[structure["activation"]])
        return phi if len(phi) > 1 else phi * structure["depth"]

    def named(self, label: str) -> dict[str, Activation]:
        """The different activations of a label, by name."""
        return dict(zip(label.split("/"), self.activations[label], strict=True))

    def network(self, structure: Mapping[str, Any]) -> Network:
        """The network of a structure; raises as ``building.network``."""
        return building.network(structure, self.activations[structure["activation"]], self.data)

    def own_network(self, structure: Mapping[str, Any]) -> Built:
        """The user's own network of a structure; raises as ``building.network``."""
        return building.own(structure, self.activations[structure["activation"]], self.data)

    def numbers(self, structure: Mapping[str, Any]) -> dict[str, Any]:
        """What may be told to the program of a structure."""
        return building.numbers(structure, self.planned or self.steps)

    def make(self, structure: Mapping[str, Any]) -> Training:
        """The training of one network of a structure, by itself; raises as ``building.network``."""
        phi = self.activations[structure["activation"]]
        return self._training(structure, phi, self.numbers(structure))

    def _training(
        self,
        structure: Mapping[str, Any],
        phi: Sequence[Activation],
        told: Mapping[str, Any],
        steepest: Mapping[Callable, Any] = MappingProxyType({}),
    ) -> Training:
        """Of a structure with these activations, one or one per hidden layer, and numbers.

        Args:
            structure: one.
            phi: its activations.
            told: as of ``numbers``; may be traced.
            steepest: max |φ′| by function, where it is known.
        """
        head, further = jaxnn.HEADS[self.data.head], measured(self.metric)
        net = building.network(structure, phi, self.data, told.get("dropout"))
        return jaxnn.make_training(
            net,
            self._weighted(building.loss(structure, head, told)),
            building.optimizer(structure, told),
            correct=head.correct,
            inside=self._inside(structure, phi, net, steepest),
            scores=jaxnn.metrics.scores(*further) if further else None,
            judged_by=self.loss,
        )

    def _inside(
        self,
        structure: Mapping[str, Any],
        phi: Sequence[Activation],
        net: Network,
        steepest: Mapping[Callable, Any],
    ) -> Observer | None:
        """What looks inside the networks, with arguments of ``_training``."""
        if building.is_own(structure):
            return None
        every = phi if len(phi) > 1 else tuple(phi) * structure["depth"]
        known = building.is_plain(structure)
        return diagnostics.counter(every, steepest, None if known else net)

    @cached_property
    def variants(self) -> tuple[Variant, ...]:
        """The training of each structure.

        Those that differ in numbers and schedules share programs, and, if asked, those of plain
        activations.
        """
        structures = self.grid.structures
        found = [Variant(self.make(structure)) for structure in structures]
        one = self.one_program
        one = hardware().one_program(self.steps) if one is None else one
        alike: dict[tuple, list[int]] = {}
        for number, structure in enumerate(structures):
            phi = self.layers(structure)
            told = {*axes.TOLD}
            if building.is_own(structure):  # its function may look at it
                told -= {"dropout"}
            elif one and phi and all(map(is_plain, phi)):
                told |= {"activation"}
            others = {name: value for name, value in structure.items() if name not in told}
            alike.setdefault(tuple(others.items()), []).append(number)
        for numbers in alike.values():
            if len(numbers) > 1:
                own = [found[number].training for number in numbers]
                together = self._together([structures[number] for number in numbers], own)
                for number, variant in zip(numbers, together, strict=True):
                    found[number] = variant
        return tuple(found)

    @property
    def programs(self) -> int:
        """How many programs are compiled."""
        return len({variant.training.segment for variant in self.variants})

    def _together(
        self, structures: Sequence[Mapping[str, Any]], own: Sequence[Training]
    ) -> list[Variant]:
        """Structures that differ in plain activations and numbers, as variants of one program."""
        told = [self.numbers(structure) for structure in structures]
        differ = [
            name
            for name, first in told[0].items()
            if any(not np.array_equal(first, each[name]) for each in told)
        ]
        shared: list[dict[str, Any]] = [{name: each[name] for name in differ} for each in told]
        layers = [self.layers(structure) for structure in structures]
        known = {entry.function: entry for phi in layers for entry in phi}
        if len({structure["activation"] for structure in structures}) > 1:
            choices = [[[*known].index(entry.function) for entry in phi] for phi in layers]
            if all(len(set(choice)) == 1 for choice in choices):
                choices = [choice[0] for choice in choices]  # one activation for all layers
            for each, choice in zip(shared, choices, strict=True):
                each[CHOICE] = choice
        # Here, since what a program is made of is traced.
        largest = {
            function: diagnostics.steepest(entry)
            for function, entry in known.items()
            if diagnostics.is_curve(entry) and not entry.learned
        }

        def make(chosen: Mapping[str, Any]) -> Training:
            numbers = {**told[0], **{name: chosen[name] for name in differ}}
            if CHOICE not in chosen:
                phi = self.activations[structures[0]["activation"]]
                return self._training(structures[0], phi, numbers, largest)
            which = chosen[CHOICE].reshape(-1)
            phi = [one_of([*known.values()], each) for each in which]
            every = jnp.asarray([*largest.values()])
            steepest = {one.function: every[each] for one, each in zip(phi, which, strict=True)}
            return self._training(structures[0], phi, numbers, steepest)

        return share(own, shared, make)

    def initial_layers(self, structure: Mapping[str, Any]) -> diagnostics.Layers:
        """Signal and gradient per layer before training, on a batch of the training rows."""
        seeds, rows = self.grid.seed_numbers[: diagnostics.SEEDS], slice(diagnostics.ROWS)
        if building.is_own(structure):
            return diagnostics.unseen(len(seeds), self.own_network(structure).parameters)
        params = diagnostics.initial_params(self.make(structure), seeds)
        found = diagnostics.measure(
            params,
            self.layers(structure),
            self.loss,
            self.data.x["train"][rows],
            self.data.y["train"][rows],
            net=None if building.is_plain(structure) else self.network(structure),
        )
        return found if building.has_theory(structure) else found.without_theory()

    def try_out(self) -> None:
        """Make every training once, so that what cannot be built is said before training.

        Raises:
            UserError: an activation cannot be used at its width or with the initializer, or as
                ``score_of``.
        """
        if self.metric is not None:
            _ = self.score  # refuses what is not defined on these rows
        for structure in self.grid.structures:
            self.make(structure)
            # Which may have no weights for the activation.
            if "initializer" in structure and not building.is_own(structure):
                building.try_drawing(self.network(structure), structure)

    def parts(self) -> Mapping[str, tuple[np.ndarray, np.ndarray]]:
        """ "train", "validation" and "test" as (x, y), of the first seed."""
        return self.splits.parts(self.grid.seed_numbers[0])

    @property
    def each_segment(self) -> tuple[str, ...]:
        """The parts that are evaluated at every point of a curve; the test part at the end."""
        return ("validation", "test") if self.best_epoch else ("validation",)

    @property
    def points(self) -> int:
        """Of a training curve: 20, or 10 or 5 where that many would cost too much.

        A row costs a forward pass where it is evaluated, and thrice that where it is trained on.
        All are looked at where the best of them is judged.
        """
        batch = self.batch_size({"batch_size": min(self.grid.structure["batch_size"])})
        most = EVALUATION * 3 * self.steps * batch / len(self.data.x["validation"])
        enough = (points for points in FEWER_POINTS if points <= most)
        return POINTS if self.best_epoch else next(enough, FEWER_POINTS[-1])

    def by_seed(self, held: int) -> DataBySeed | None:
        """The data of each seed; None where all seeds share them.

        Args:
            held: how many splits may be on a device at a time.
        """
        if self.splits.fixed:
            return None
        splits = self.splits
        return DataBySeed(splits.number, splits.parts, held, splits.training_rows)

    def batch_size(self, structure: Mapping[str, Any]) -> int:
        """Rows per update: at most the training rows of any seed."""
        fewest = min(map(self.splits.training_rows, self.grid.seed_numbers))
        return min(structure["batch_size"], fewest)

    @cached_property
    def trivial_loss(self) -> np.ndarray:
        """The trivial predictor's validation loss, (seeds,)."""
        return trivial_losses(self._each_split, "validation", balanced=self.balanced)

    @property
    def longer(self) -> "Study | None":
        """The same with twice the updates; None where these are more than the limit."""
        steps = 2 * self.steps
        return replace(self, steps=steps) if self.limit and steps <= self.limit else None

    @cached_property
    def rules(self) -> Rules:
        """How runs are judged and choices compared."""
        train, test = len(self.data.x["train"]), len(self.data.x["test"])
        same_test = self.splits.fixed or self.source.test is not None
        return Rules(
            score=self.score,
            trivial_loss=self.trivial_loss,
            baseline=self.baseline,
            seeds=len(self.asked.seed_numbers),
            overlap=0.0 if same_test else test / train,
            test_rows=test if same_test else None,
            rows=None if same_test else len(self.source.y),
            margin=self.score.margin if self.margin is None else self.margin,
        )

    def clipped(self, losses: np.ndarray) -> np.ndarray:
        """Validation losses (cells, seeds) as rates are judged by; nan or infinite: diverged."""
        return rate.clipped(np.asarray(losses, float), self.trivial_loss)

    def final(self, outcome: Outcome, part: str) -> tuple[np.ndarray, np.ndarray]:
        """Losses and scores by which runs are judged, (cells, seeds)."""
        found = ends(outcome, best=self.best_epoch)
        return self.score.final(found, part, outcome.diverged_step >= 0)

    def best_cell(self, outcome: Outcome, runs: np.ndarray) -> int:
        """The number of the cell with the lowest expected loss of these runs, (cells, seeds)."""
        losses, _ = self.final(outcome, "validation")
        return rate.lowest(self.clipped(losses), runs)

    def chosen_cell(self, outcome: Outcome, runs: np.ndarray) -> int:
        """The number of the cell whose rate is recommended, judged by these runs."""
        return self.recommended(outcome, runs).cell

    def recommended(self, outcome: Outcome, runs: np.ndarray) -> ChosenRate:
        """The rate to recommend, judged by these runs, bool (cells, seeds)."""
        return self.judged(*self.final(outcome, "validation"), runs)

    def judged(self, losses: np.ndarray, scores: np.ndarray, runs: np.ndarray) -> ChosenRate:
        """The rate to recommend for these validation losses and scores, (cells, seeds).

        A diverged run has an infinite loss and the worst score; runs is bool, those that count.
        """
        known = runs.any(axis=0)  # the others are seeds that are not trained yet
        trivial = (
            np.broadcast_to(each, known.shape)[known]
            for each in (self.trivial_loss, self.score.trivial["validation"])
        )
        rates = self.grid.hyperparameters["learning_rate"]
        return rate.chosen(rates, losses[:, known], scores[:, known], runs[:, known], *trivial)


def label(structure: Mapping[str, Any]) -> str:
    """What to call a structure.

    Example:
        >>> label({"activation": "relu", "depth": 4})
        'relu depth 4'
    """
    return " ".join(
        str(value) if name == "activation" else f"{name} {axes.shown(value)}"
        for name, value in structure.items()
    )
