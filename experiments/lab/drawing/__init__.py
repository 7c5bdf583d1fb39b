"""How figures made with Matplotlib look, and how they are written to files."""

from experiments.lab.drawing.style import BIG, STYLE, canvas, look, write

__all__ = ["BIG", "STYLE", "canvas", "look", "write"]
