"""Figures written to files."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from matplotlib.layout_engine import LayoutEngine

from experiments.lab.drawing import style as drawing
from experiments.lab.drawing.ticks import log_ticks, number_log_axis


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


@example(low=1.0, decades=2.0, most=5)
@example(low=1.0, decades=3.0, most=5)
@given(low=st.floats(1e-12, 1e12), decades=st.floats(0.001, 20), most=st.integers(5, 12))
def test_a_log_axis_has_between_two_and_not_too_many_numbers_inside_its_ends(low, decades, most):
    high = low * 10**decades
    ticks = log_ticks(low, high, most)
    assert 2 <= len(ticks) <= most + 1
    assert ticks == sorted(ticks)
    assert low * (1 - 1e-8) <= ticks[0] and ticks[-1] <= high * (1 + 1e-8)


@pytest.mark.parametrize("ends", [(0, 1), (-1, 1), (2, 2), (3, 1), (1, np.inf), (np.nan, 1)])
def test_ends_that_no_log_axis_has_are_refused(ends):
    with pytest.raises(ValueError, match="its ends must be 0 < low < high < ∞"):
        log_ticks(*ends)


@pytest.mark.parametrize("ends", [(2.1, 4.9), (3.05, 3.4), (0.0021, 0.0199), (0.002, 1.9)])
def test_the_numbers_are_drawn_also_within_a_power_of_ten(ends):
    with drawing.canvas(4, 3) as figure:
        axes = figure.subplots()
        axes.plot([1, 2], ends)
        axes.set_yscale("log")
        number_log_axis(axes.yaxis)
        figure.draw_without_rendering()
        low, high = axes.get_ylim()
        texts = [
            tick.label1.get_text()
            for tick in axes.yaxis.get_major_ticks()
            if low <= tick.get_loc() <= high
        ]
    assert len(texts) >= 2 and all(low <= float(text) <= high for text in texts)
    assert "^" not in "".join(texts)


def test_a_panel_is_written_without_its_neighbours(tmp_path):
    with drawing.canvas(8, 3) as figure:
        left, right = figure.subplots(1, 2)
        left.set(title="the left one")
        right.set(title="the right one")
        drawing.write(figure, tmp_path, "both", dpi=20)
        drawing.write_panel(figure, 0, tmp_path / "left.svg")
    svg = (tmp_path / "left.svg").read_text()
    assert "the left one" in svg and "the right one" not in svg
    both, one = (
        float(text.split('width="')[1].split("pt")[0])
        for text in ((tmp_path / "both.svg").read_text(), svg)
    )
    assert one < 0.6 * both and right.get_visible()
