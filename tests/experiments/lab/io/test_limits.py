"""Limits of memory and time: the container's counts, and what takes too long is stopped."""

import pytest

from experiments.lab.io import limits


@pytest.mark.parametrize(
    ("files", "least"),
    [
        ({"memory.max": "1000\n"}, 1000),
        ({"memory.max": "max\n", "a/memory.max": "3000\n", "a/b/memory.max": "9000\n"}, 3000),
        ({"memory/memory.limit_in_bytes": "2000\n"}, 2000),
    ],
)
def test_the_least_limit_of_the_container_counts(files, least, tmp_path):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "of").write_text("0::/a/b\n")
    assert limits.memory(tmp_path, tmp_path / "of") == least
    assert limits.memory(tmp_path / "none", tmp_path / "none") > 1e8


def test_an_endless_loop_is_stopped():
    with pytest.raises(limits.TimeUp), limits.within(0.05):
        while True:
            pass
