"""Fixtures that several tests share; what also holds for doctests is in the conftest.py above."""

import pytest

from experiments.lab.io import ending
from tests.helpers import browser


@pytest.fixture(autouse=True)
def not_watched(monkeypatch):
    """A command that is started in a test leaves Ctrl-C alone: watched, it would end the tests."""
    monkeypatch.setattr(ending, "watch", lambda: None)


@pytest.fixture
def shown(tmp_path):
    """A page of a headless browser, offline."""
    if browser.PATH is None:
        pytest.skip("no Chromium or Chrome is installed")
    with browser.open_page(tmp_path) as page:
        yield page
