"""Figures written to files."""

import numpy as np
from matplotlib.layout_engine import LayoutEngine

from experiments.lab import drawing


class Shaky(LayoutEngine):
    """A layout that is off by a few last bits, as Matplotlib's differs from run to run."""

    _adjust_compatible = _colorbar_gridspec = True

    def __init__(self, off):
        super().__init__()
        self.off = off

    def execute(self, fig):
        for axes in fig.axes:
            axes.set_position((0.1, 0.15 + self.off, 0.8, 0.7 - self.off))


def test_a_layout_that_differs_in_its_last_bits_gives_the_same_bytes(tmp_path):
    written = []
    for off in (0, 1e-14):
        with drawing.canvas(4, 3) as figure:
            figure.set_layout_engine(Shaky(off))
            figure.subplots().plot(np.arange(5), np.arange(5) ** 2, **drawing.look(1))
        written.append([path.read_bytes() for path in drawing.write(figure, tmp_path, "shaky")])
    assert written[0] == written[1] and b"clipPath" in written[0][1]
