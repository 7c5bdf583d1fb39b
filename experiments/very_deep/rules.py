"""By what the experiment on very deep networks judges; an interval is a 95 % interval."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from experiments.lab.evidence.rules import Former, Rule
from experiments.lab.evidence.verdicts import Effect, Word
from experiments.lab.study.wording import listed

SWISH_MINIMUM = -0.278  # as claimed


def standing(effect: Effect) -> str:
    """Whether a difference is "better", "worse" or "level", by its interval."""
    if effect.low is not None and effect.low > 0:
        return "better"
    return "worse" if effect.high is not None and effect.high < 0 else "level"


def word_of(effect: Effect) -> Word:
    """What one setting alone says: better holds, worse does not hold, level is undecided."""
    words: dict[str, Word] = {"better": "holds", "worse": "does not hold"}
    return words.get(standing(effect), "undecided")


def judge_swish(
    apart: Mapping[str, Effect], smooth: bool = True, minimum: float = SWISH_MINIMUM
) -> tuple[Word, str]:
    """The verdict on A6 and its condition.

    Args:
        apart: setting -> accuracy of swish minus that of ReLU.
        smooth: whether swish is.
        minimum: its lowest value.
    """
    if not smooth or abs(minimum - SWISH_MINIMUM) > 5e-4:
        return "does not hold", ""
    return _where(apart)


def judge_critical(apart: Mapping[str, Effect]) -> tuple[Word, str]:
    """The verdict on EVIDENCE 25 and its condition.

    Args:
        apart: setting -> accuracy with critical initialisation minus that with the own gain.

    Example:
        >>> better, worse = Effect("", 0.3, 0.2, 0.4), Effect("", -0.3, -0.4, -0.2)
        >>> judge_critical({"swish, 64 units": better, "gelu, 32 units": worse})
        ('holds only when', 'the network has swish')
        >>> judge_critical({})
        ('undecided', '')
    """
    return _where(apart) if apart else ("undecided", "")


def _where(apart: Mapping[str, Effect]) -> tuple[Word, str]:
    """Holds where it is better in every setting, and only in those where it is better."""
    said = {setting: standing(effect) for setting, effect in apart.items()}
    good = [setting for setting, each in said.items() if each == "better"]
    if len(good) == len(said):
        return "holds", ""
    if good:
        return "holds only when", f"the network has {grouped(good, said)}"
    refuted = len(said) > 1 and "worse" in said.values()
    return ("does not hold" if refuted else "undecided"), ""


def grouped(some: Iterable[str], every: Iterable[str]) -> str:
    """Settings by what comes before their first comma; the rest only where not all are meant.

    Example:
        >>> grouped(["norm, 32", "norm, 64", "own, 32"], ["norm, 32", "norm, 64", "own, 32", "own"])
        'norm; own (32)'
    """
    kinds: dict[str, list[str]] = {}
    for setting in some:
        kind, _, rest = setting.partition(", ")
        kinds.setdefault(kind, []).append(rest)
    counts = Counter(setting.partition(", ")[0] for setting in every)
    return "; ".join(
        kind if len(rests) == counts[kind] else f"{kind} ({listed(rests)})"
        for kind, rests in kinds.items()
    )


def judge_elu(apart: Mapping[str, Effect], shallower: Mapping[int, Effect]) -> tuple[Word, str]:
    """The verdict on A4 and its condition.

    Args:
        apart: setting -> accuracy of ELU minus that of ReLU in very deep networks.
        shallower: smaller number of hidden layers -> the same.
    """
    word, when = _where(apart)
    if word in ("does not hold", "undecided"):
        return word, when
    first = leads_from(shallower)
    conditions = [when] if when else []
    if first:
        conditions.append(f"'from 40 layers on' is read as from {first} layers on")
    return ("holds only when", ", and ".join(conditions)) if conditions else ("holds", "")


def leads_from(shallower: Mapping[int, Effect]) -> int:
    """The least depth from which on it is better at every depth tried; 0 where there is none."""
    first = 0
    for depth in sorted(shallower, reverse=True):
        if standing(shallower[depth]) != "better":
            break
        first = depth
    return first


def judge_choice(
    relu: Mapping[str, Effect], others: Mapping[str, Sequence[Effect]]
) -> tuple[Word, str]:
    """The verdict on A9's part on very deep networks, and its condition.

    Args:
        relu: setting -> accuracy of swish minus that of ReLU.
        others: setting -> accuracy of each other activation minus that of swish.
    """
    good = [
        setting
        for setting, effect in relu.items()
        if standing(effect) == "better" and "better" not in map(standing, others.get(setting, ()))
    ]
    if len(good) == len(relu):
        return "holds", ""
    if good:
        return "holds only when", f"the network has {grouped(good, relu)}"
    beaten = [setting for setting in others if "better" in map(standing, others[setting])]
    refuted = len(beaten) + sum(standing(each) == "worse" for each in relu.values()) > 1
    return ("does not hold" if refuted else "undecided"), ""


RULES = (
    Rule(
        "A6",
        "Swish and ReLU are compared in networks of 40 hidden layers, each at its own best "
        "learning rate, paired by seed, in settings that differ in initialisation, normalisation, "
        "width and updates. Swish is better where the interval of its accuracy minus ReLU's is "
        "above 0, and worse where it is below. A6 holds if swish is better in every setting, only "
        "in those in which it is better if there are some, and does not hold if it is better in "
        "none and worse in one. Swish must also be smooth with its minimum at −0.278.",
        judge_swish,
        (
            Former(
                "Swish, with its own gain and without normalisation, is more accurate than ReLU at "
                "every depth from 40 on.",
                "does not hold",
                "fcf2f07",
                "It was measured in one setting, whose gain keeps swish's variance at an unstable "
                "point; other initialisations and normalisation reverse it.",
            ),
        ),
    ),
    Rule(
        "A4",
        "ELU and ReLU are compared as swish and ReLU are for A6, at 40 hidden layers in several "
        "settings and with their own gain also in shallower networks. A4 holds if ELU is better at "
        "40 layers in every setting and not yet better in a row of depths that leads up to them. "
        "It holds only in those settings in which it is better, and with the depth from which on "
        "ELU leads. It does not hold if ELU is better in none and worse in one.",
        judge_elu,
        (
            Former(
                "ELU, with its own gain and without normalisation, is more accurate than ReLU at "
                "every depth from 40 on.",
                "holds",
                "fcf2f07",
                "It did not ask where ELU's lead begins, and was measured in one setting.",
            ),
        ),
    ),
    Rule(
        "A9",
        "The part on very deep networks: swish is the right choice in a setting of A6 if it is "
        "better than ReLU there, and no other activation tried there is better than swish. It "
        "holds if that is so in every setting, only in those in which it is so if there are some, "
        "and does not hold if it is so in none and swish is beaten in at least two settings.",
        judge_choice,
    ),
    Rule(
        "EVIDENCE 25",
        "Networks of 40 hidden layers without normalisation are compared with critical "
        "initialisation and with their own gain, each at its own best learning rate, paired by "
        "seed, for swish and GELU at every width and number of updates at which both were "
        "trained. Critical initialisation is better where the interval of its accuracy minus the "
        "other's is above 0, and worse where it is below. EVIDENCE 25 holds if it is better in "
        "every one of these, only in those in which it is better if there are some, and does not "
        "hold if it is better in none and worse in one of several.",
        judge_critical,
    ),
)
