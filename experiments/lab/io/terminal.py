"""The terminal or the cell of a notebook: whatever is printed there is text."""

import contextlib
import io
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.live import Live
from rich.segment import Segment
from rich.text import Text

from experiments.lab.io.text import harmless, shown


class Screen(Console):
    """A console without markup, to which the names in data, files and answers may be printed.

    A str is printed as one line. Within whatever else is printed, newlines are kept, and what would
    drive the terminal is written as in Python.
    """

    def __init__(self, **options: Any):
        """Wrapped on a terminal; a line stays one in a pipe. The options are rich's."""
        wide = not (sys.stdout and sys.stdout.isatty())
        plain = {"highlight": False, "markup": False, "emoji": False, "soft_wrap": wide}
        super().__init__(**plain | options)
        self._cell = Cell()

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

    def live(self, refreshes: float) -> "Live | Cell | None":
        """What draws a view again and again in its place; None where only lines can be printed.

        Args:
            refreshes: per second.
        """
        if self.is_jupyter:
            return None if self._cell.hidden else self._cell
        if not self.is_interactive or self.quiet:
            return None
        return Live(console=self, transient=True, refresh_per_second=refreshes)

    @contextlib.contextmanager
    def of_call(self, progress: bool) -> Iterator[None]:
        """Meanwhile a function of a program prints: in a notebook, only its live view is shown.

        Args:
            progress: whether anything is shown.
        """
        before = self.quiet
        self.quiet, self._cell = not progress or self.is_jupyter, Cell(hidden=not progress)
        try:
            yield
        finally:
            self.quiet, self._cell = before, Cell()


class Cell:
    """A view below the cell of a notebook, drawn again in its place; rich would add it each time.

    hidden: whether nothing is drawn.
    """

    def __init__(self, hidden: bool = False):
        """Nothing is shown before the first ``update``."""
        self.hidden, self._place = hidden, None

    def start(self) -> None:
        """Do nothing: the place is made when there is something to show."""

    def update(self, view: RenderableType, *, refresh: bool = True) -> None:
        """Show a view in place of the one before."""
        self._draw(_as_html(view))

    def stop(self) -> None:
        """Show nothing; another view may follow in the same place."""
        if self._place is not None:
            self._draw("")

    def _draw(self, html: str) -> None:
        from IPython.display import HTML, display  # there in a notebook

        if self._place is None:
            self._place = display(HTML(html), display_id=True)
        else:
            self._place.update(HTML(html))


def _as_html(view: RenderableType) -> str:
    console = Console(
        file=io.StringIO(), record=True, width=80, force_jupyter=False, force_terminal=True
    )
    console.print(view)
    return console.export_html(
        inline_styles=True, code_format="<pre style='line-height:1.2'>{code}</pre>"
    )
