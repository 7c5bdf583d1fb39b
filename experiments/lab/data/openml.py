"""Data sets of openml.org by name or number, through scikit-learn, which caches what it fetches."""

import http.client
import warnings

from sklearn import datasets

from experiments.lab.data.source import Source
from experiments.lab.data.table import Asked, as_source
from experiments.lab.data.table_file import Table, typed
from experiments.lab.io.cli import UserError

PREFIX = "openml:"


def read_openml(data: str, asked: Asked, test: Table | None = None) -> Source:
    """The data set that ``openml:NAME`` or ``openml:NUMBER`` names.

    Args:
        data: that text.
        asked: as for as_source; without a target, the data set's own, where it has just one.
        test: rows to report on, with the same columns.

    Returns:
        Its rows, with OpenML's warnings in the notes.

    Raises:
        UserError: there is no such data set, it is not a dense table, or the network fails and the
            data set is not in scikit-learn's cache; or as for as_source.
    """
    which = data.removeprefix(PREFIX)
    chosen = {"data_id": int(which)} if which.isdecimal() else {"name": which}
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            bunch = datasets.fetch_openml(**chosen, as_frame=True, parser="auto")
    except ValueError as error:  # an unknown name or number, an inactive set, a sparse one
        raise UserError(
            f"--data {data}: OpenML has no such table ({' '.join(str(error).split())}); "
            "look up its name or number on openml.org"
        ) from None
    except (OSError, http.client.HTTPException) as error:
        raise UserError(
            f"--data {data}: openml.org cannot be reached ({getattr(error, 'reason', error)}), and "
            "this data set is not in scikit-learn's cache; check the network, or give the path of "
            "a file"
        ) from None
    own = bunch.target_names
    asked = asked._replace(target=asked.target or (own[0] if len(own) == 1 else None))
    source = as_source(
        typed(bunch.frame, asked.reading),
        asked,
        name=str(bunch.details.get("name", which)),
        where=data,
        test=test,
    )
    return source._replace(
        notes=(*(" ".join(str(warning.message).split()) for warning in said), *source.notes)
    )
