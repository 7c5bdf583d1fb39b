"""The page of the lecture's worked examples computes what it shows."""

import doctest
from pathlib import Path

import jax
import pytest

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parent.parent / "docs" / "lecture.md"


@pytest.fixture
def as_for_a_reader():
    """JAX mixes whole numbers and fractions, as it does outside the tests; float32 afterwards."""
    with jax.numpy_dtype_promotion("standard"):
        yield
    jax.config.update("jax_enable_x64", False)


@pytest.mark.usefixtures("as_for_a_reader")
def test_the_page_computes_what_it_shows():
    found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert found.failed == 0 and found.attempted > 20
