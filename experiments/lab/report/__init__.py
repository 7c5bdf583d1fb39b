"""The report: one HTML file that works offline, and its figures as PNG and SVG."""

from experiments.lab.report.evidence import Evidence, Program
from experiments.lab.report.figures import figures
from experiments.lab.report.page import page
from experiments.lab.report.picture import save

__all__ = ["Evidence", "Program", "figures", "page", "save"]
