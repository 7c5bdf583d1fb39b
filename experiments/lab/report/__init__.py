"""The report: one HTML file that works offline."""

from experiments.lab.report.page import page

__all__ = ["page"]
