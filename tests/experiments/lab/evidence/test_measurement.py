"""A stored measurement: the same arrays and the same bytes, and nothing where it cannot be read."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from experiments.lab.evidence import measurement
from experiments.lab.evidence.measurement import Measurement

MEASURED = Measurement(
    {
        "map 10": {"score": np.arange(6, dtype=np.float32).reshape(2, 3), "at": np.array(0.5)},
        "map 9": {"score": np.array([True, False])},
        "nothing": {},
    },
    {"map 10": 0.25, "map 9": 3.0, "nothing": 0.0},
    {"fingerprint": "4b", "configuration": {"rate": (0.1, 1.0), "name": "σ"}},
)


def test_what_is_written_is_read_in_the_order_of_measuring(tmp_path):
    file = tmp_path / measurement.FILE
    MEASURED.write(file)
    found = measurement.read(file)
    assert list(found.found) == ["map 10", "map 9", "nothing"]
    for part, arrays in MEASURED.found.items():
        assert set(found.found[part]) == set(arrays)
        for name, array in arrays.items():
            assert found.found[part][name].dtype == array.dtype
            np.testing.assert_array_equal(found.found[part][name], array)
    assert found.seconds == MEASURED.seconds and found.fingerprint == "4b"
    assert found.made["configuration"] == {"rate": [0.1, 1.0], "name": "σ"}
    assert found.size == MEASURED.size == 6 * 4 + 8 + 2


def test_the_same_measurement_gives_the_same_bytes(tmp_path):
    MEASURED.write(tmp_path / "first")
    measurement.read(tmp_path / "first").write(tmp_path / "second")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


@pytest.mark.parametrize("kind", ["missing", "torn", "one bit", "of an earlier version"])
def test_what_cannot_be_read_is_measured_again(kind, tmp_path):
    file = tmp_path / measurement.FILE
    if kind == "torn":
        MEASURED.write(file)
        file.write_bytes(file.read_bytes()[:-5])
    elif kind == "one bit":
        MEASURED.write(file)
        content = bytearray(file.read_bytes())
        content[-3] ^= 4
        file.write_bytes(content)
    elif kind == "of an earlier version":
        save_file({"growth/sizes": np.ones(2)}, file)
    assert measurement.read(file) is None
