"""Compiled programs are machine code: they are kept where only the user can write."""

from types import SimpleNamespace

import pytest

from experiments.lab.engine import compile_cache


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Where the cache goes, without touching this process's own."""
    made = {}
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(
        compile_cache, "jax", SimpleNamespace(config=SimpleNamespace(update=made.__setitem__))
    )
    return made


def test_the_folder_is_the_users_alone_and_bounded(settings, tmp_path):
    folder = compile_cache.use_compile_cache()
    assert folder.parent == tmp_path / "jaxnn" and folder.is_dir()
    assert {place.stat().st_mode & 0o777 for place in (folder, folder.parent)} == {0o700}
    assert settings["jax_compilation_cache_dir"] == str(folder)
    assert settings["jax_compilation_cache_max_size"] == compile_cache.MOST_BYTES


def test_a_folder_that_others_can_write_to_is_not_used(settings):
    compile_cache.use_compile_cache().chmod(0o777)
    settings.clear()
    assert compile_cache.use_compile_cache() is None and not settings


def test_without_a_place_it_goes_on_without(settings, tmp_path):
    (tmp_path / "jaxnn").write_text("a file")
    assert compile_cache.use_compile_cache() is None and not settings


def test_another_version_or_cpu_has_another_folder(settings, monkeypatch):
    folder = compile_cache.use_compile_cache()
    monkeypatch.setattr(compile_cache.importlib.metadata, "version", lambda name: "0")
    assert compile_cache.use_compile_cache() != folder
