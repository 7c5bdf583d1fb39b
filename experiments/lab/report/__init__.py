"""The report: one HTML file that works offline; figure_files writes its figures as PNG and SVG."""

from experiments.lab.report.figures import figures
from experiments.lab.report.page import page
from experiments.lab.report.predictions import Predictions

__all__ = ["Predictions", "figures", "page"]
