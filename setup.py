"""The packages of the wheel; everything else about the distribution is in pyproject.toml.

The folder experiments/ is installed below jaxnn_experiments/, so that no top-level package with so
general a name gets into anyone's environment. The command `jaxnn` puts jaxnn_experiments/ on its
own path (experiments/lab/io/command.py), and `import jaxnn_experiments` on none.
"""

from setuptools import find_packages, setup

EXPERIMENTS = "jaxnn_experiments.experiments"

setup(
    packages=[
        *find_packages(include=["jaxnn", "jaxnn.*", "jaxnn_experiments"]),
        EXPERIMENTS,
        *(f"{EXPERIMENTS}.{name}" for name in find_packages("experiments")),
    ],
    package_dir={EXPERIMENTS: "experiments"},
)
