"""Data sets of openml.org by name or number, by way of scikit-learn, which keeps what it has fetched."""

import http.client
import warnings
from collections.abc import Sequence

import pandas as pd
from sklearn import datasets

from experiments.lab.data.source import Source
from experiments.lab.data.table import as_source
from experiments.lab.io.cli import UserError

PREFIX = "openml:"


def read_openml(
    data: str,
    *,
    target: str | None = None,
    task: str = "auto",
    drop: Sequence[str] = (),
    test: pd.DataFrame | None = None,
) -> Source:
    """The data set that ``openml:NAME`` or ``openml:NUMBER`` names; its own target unless another is asked for.

    Raises:
        UserError: there is no such set, the network fails, or it is not a dense table.
    """
    which = data.removeprefix(PREFIX)
    chosen = {"data_id": int(which)} if which.isdecimal() else {"name": which}
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            bunch = datasets.fetch_openml(**chosen, as_frame=True, parser="auto")
    except ValueError as error:  # an unknown name or number, an inactive set, a sparse one
        raise UserError(
            f"--data {data}: OpenML gives no table of it ({' '.join(str(error).split())}); look names and numbers up on "
            "openml.org"
        ) from None
    except (OSError, http.client.HTTPException) as error:
        raise UserError(
            f"--data {data}: openml.org cannot be reached ({getattr(error, 'reason', error)}) and scikit-learn has not kept "
            "this set; try again with a network, or give the path of a file"
        ) from None
    own = bunch.target_names
    source = as_source(
        bunch.frame,
        name=str(bunch.details.get("name", which)),
        where=data,
        task=task,
        drop=drop,
        test=test,
        target=target or (own[0] if len(own) == 1 else None),
    )
    return source._replace(
        notes=(*(" ".join(str(warning.message).split()) for warning in said), *source.notes)
    )
