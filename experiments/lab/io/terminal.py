"""The terminal: whatever is printed there is text."""

import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from experiments.lab.io.text import harmless, shown


class Screen(Console):
    """A console without markup, to which the names in data, files and answers may be printed.

    A str is printed as one line. Within whatever else is printed, newlines are kept, and what would
    drive the terminal is written as in Python.
    """

    def __init__(self):
        """Wrapped on a terminal; a line stays one in a pipe."""
        wide = not (sys.stdout and sys.stdout.isatty())
        super().__init__(highlight=False, markup=False, emoji=False, soft_wrap=wide)

    def print(self, *objects: Any, **options: Any) -> None:
        """Print objects, each str of which is one line."""
        lines = (Text(shown(each)) if isinstance(each, str) else each for each in objects)
        super().print(*lines, **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """What a renderable looks like, in pieces."""
        for segment in super().render(renderable, options):
            plain = segment.control is None
            yield segment._replace(text=harmless(segment.text)) if plain else segment
