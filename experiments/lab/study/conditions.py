"""The condition of a verdict "holds only when", in words."""

from collections.abc import Mapping


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
    """
    holds = [setting for setting, word in words.items() if word == "holds"]
    others = [setting for setting, word in words.items() if word != "holds"]
    return (
        f"{what} are "
        + ("not " * (short := len(others) < len(holds)))
        + "; ".join(others if short else holds)
    )
