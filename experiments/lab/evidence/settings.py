"""From the verdict in each setting in which a claim was tried to the verdict on the claim."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from experiments.lab.evidence.verdicts import Word


def over_settings(
    words: Mapping[str, Word],
    when: Callable[[Sequence[str]], str],
    *,
    refuted_by: Callable[[Iterable[bool]], bool] = any,
) -> tuple[Word, str]:
    """Holds where it holds; where it holds nowhere, it does not hold or is undecided.

    Args:
        words: setting -> the verdict there.
        when: from the settings in which the claim holds, some and not all, to the condition that
            is read after "holds only when".
        refuted_by: whether a claim that holds nowhere does not hold by any setting that says so, or
            by all; otherwise it is undecided.

    Example:
        >>> over_settings({"digits": "holds", "wine": "undecided"}, " or ".join)
        ('holds only when', 'digits')
        >>> words = {"digits": "does not hold", "wine": "undecided"}
        >>> over_settings(words, " or ".join), over_settings(words, " or ".join, refuted_by=all)
        (('does not hold', ''), ('undecided', ''))
    """
    holds = [setting for setting, word in words.items() if word == "holds"]
    if len(holds) == len(words):
        return "holds", ""
    if holds:
        return "holds only when", when(holds)
    refuted = refuted_by(word == "does not hold" for word in words.values())
    return ("does not hold" if refuted else "undecided"), ""


def where_it_holds(what: str, words: Mapping[str, str]) -> str:
    """The condition of "holds only when", by what is shorter: where it does, or where it does not.

    Args:
        what: the settings, in the plural.
        words: setting -> verdict there; "holds" for some and not for all.

    Returns:
        The condition, to be read after "holds only when".

    Example:
        >>> where_it_holds("the data", {"digits": "holds", "wine": "undecided", "iris": "holds"})
        'the data are not wine'
        >>> where_it_holds("the data", dict.fromkeys("abc", "holds") | {"d": "", "e": ""})
        'the data are none of these: d; e'
    """
    holds = [setting for setting, word in words.items() if word == "holds"]
    others = [setting for setting, word in words.items() if word != "holds"]
    if len(others) >= len(holds):
        return f"{what} are {'; '.join(holds)}"
    return f"{what} are {'none of these: ' if len(others) > 1 else 'not '}{'; '.join(others)}"
