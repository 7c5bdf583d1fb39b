"""Train what a study asks: stage after stage, of each stage this process's slice, watched."""

from collections.abc import Callable, Mapping

from experiments.lab.engine import processes, stages
from experiments.lab.engine.outcome import Outcome
from experiments.lab.engine.processes import Share
from experiments.lab.engine.runner import Programs, run_grid
from experiments.lab.study import screen
from experiments.lab.study.study import Study
from experiments.lab.study.watch import Watch

Keep = Callable[[int, Outcome], None]


def train(
    study: Study,
    part: Share,
    known: Mapping[int, Outcome],
    keep: Keep | None = None,
    programs: Programs | None = None,
) -> list[Outcome]:
    """Train the grid asked for, and the further rates and seeds that follow from it.

    Args:
        study: what is asked.
        part: the slice of each stage that this process trains. A slice that is trained alone is of
            the grid asked for only, since what follows depends on the others.
        known: outcomes that an interrupted run has left, by the number of their structure.
        keep: keeps the outcome of a number, in case training is interrupted.
        programs: those compiled already; new ones are added.

    Returns:
        The outcomes in the order of the structures; of a slice that is trained alone, its own.
    """
    found = dict(known)
    programs = {} if programs is None else programs  # the stages share them

    def stage(runs: stages.Runs, reason: str) -> Mapping[int, Outcome]:
        if reason and not part.follows:
            screen.console.print(reason)
        mine = processes.share_of(runs, part)
        with Watch(study, mine, found, keep or (lambda *_: None)) as watch:
            found.update(run_grid(study, mine, found, watch, programs))
        return processes.join(found) if part.together else found

    if part.alone:
        return list(stage(stages.first(study), "").values())
    return stages.train(study, stage)
