"""How Matplotlib's figures look, and how they are written."""

from experiments.lab.drawing.style import BIG, STYLE, canvas, look, write

__all__ = ["BIG", "STYLE", "canvas", "look", "write"]
