"""The page of the lecture's worked examples computes what it shows."""

import doctest
from pathlib import Path

import jax
import pytest

PAGE = Path(__file__).parent.parent / "docs" / "lecture.md"


@pytest.fixture
def float32_again():
    yield
    jax.config.update("jax_enable_x64", False)


def test_the_page_computes_what_it_shows(float32_again):
    found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert found.failed == 0 and found.attempted > 20
