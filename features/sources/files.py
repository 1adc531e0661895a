"""The user's own tables in the contracts of features: parquet, Arrow and CSV.

Only the columns that a contract knows are read, the others are left where they are. A row of a CSV
file is named by its line, as editors number them; of other files by its number from 0.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, overload

import pandas as pd

from features.contracts.labels import Labels, check_labels
from features.contracts.received import Received
from features.contracts.spine import Spine, check_spine
from features.contracts.times import latest_allowed
from features.contracts.transfers import OnError, Transfers, check_received
from features.errors import RiskError, SourceError, TransfersError
from features.sources.cells import Cells
from features.sources.guards import require_plausible
from features.sources.loaded import Loaded
from features.sources.pieces import (
    LABELS,
    SPINE,
    TRANSFERS,
    Constants,
    check_map,
    pieces,
    raise_unreadable,
    whole,
)
from features.sources.writing import PLAINLY, Writing

TRANSFER_COLUMNS, LABEL_COLUMNS, SPINE_COLUMNS = TRANSFERS.columns, LABELS.columns, SPINE.columns


def parse_column_map(text: str, allowed: Sequence[str] = TRANSFER_COLUMNS) -> dict[str, str]:
    """Read a column map such as ``sender=from_address,amount=value``.

    Parameters
    ----------
    text : str
        Items ``contract name=name in the file``, parted by commas.
    allowed : sequence of str
        The contract's names.

    Returns
    -------
    dict of str to str

    Raises
    ------
    SourceError
        An item without "=", an unknown or repeated contract name.

    Examples
    --------
    >>> parse_column_map("sender=from_address, amount=value")
    {'sender': 'from_address', 'amount': 'value'}
    """
    columns: dict[str, str] = {}
    for item in text.split(","):
        name, equals, column = (part.strip() for part in item.partition("="))
        if not (name and equals and column):
            raise SourceError(
                f"column map: {item.strip()!r} is not of the form name=column; "
                "write for example sender=from_address,amount=value"
            )
        if name in columns:
            raise SourceError(f"column map: {name} is mapped twice")
        columns[name] = column
    check_map(columns, allowed)
    return columns


def read_transfers(
    path: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    asset: str | None = None,
    writing: Writing = PLAINLY,
) -> Iterator[pd.DataFrame]:
    """Read a file of transfers piece by piece, in memory that does not grow with the file.

    The pieces have the contract's column names and types; whether their rows keep the contract is
    left to :func:`features.check_transfers`.

    Parameters
    ----------
    path : str or Path
        A table; see ``ENDINGS`` of :mod:`features.sources.tables`.
    columns : mapping of str to str, optional
        Contract name to the file's name; names that agree need no entry.
    asset : str, optional
        Asset of every transfer of a file without such a column.
    writing : Writing
        How times and numbers are written.

    Yields
    ------
    DataFrame

    Raises
    ------
    SourceError
        The file cannot be read, lacks a column, or has a cell that cannot be read.
    """
    cells = Cells(Path(path), writing)
    for piece in pieces(cells, TRANSFERS, columns, {"asset": asset}):
        raise_unreadable(cells)
        yield piece.to_pandas()


@overload
def load_transfers(
    paths: Sequence[str | Path],
    *,
    columns: Mapping[str, str] | None = ...,
    asset: str | None = ...,
    writing: Writing = ...,
    chain: str | None = ...,
    on_error: Literal["raise"] = ...,
    on_batch: Callable[[int], None] | None = ...,
) -> Transfers: ...
@overload
def load_transfers(
    paths: Sequence[str | Path],
    *,
    columns: Mapping[str, str] | None = ...,
    asset: str | None = ...,
    writing: Writing = ...,
    chain: str | None = ...,
    on_error: Literal["quarantine"],
    on_batch: Callable[[int], None] | None = ...,
) -> tuple[Transfers, pd.DataFrame]: ...
def load_transfers(
    paths: Sequence[str | Path],
    *,
    columns: Mapping[str, str] | None = None,
    asset: str | None = None,
    writing: Writing = PLAINLY,
    chain: str | None = None,
    on_error: OnError = "raise",
    on_batch: Callable[[int], None] | None = None,
) -> Transfers | tuple[Transfers, pd.DataFrame]:
    """Read and check the transfers of one or several files as one.

    Memory grows with the columns that are kept, not with the text of the files.

    Parameters
    ----------
    paths : sequence of str or Path
        Tables; see ``ENDINGS`` of :mod:`features.sources.tables`; with the same optional columns.
    columns, asset, writing
        As in :func:`read_transfers`.
    chain : str, optional
        Whose addresses senders and recipients are, see :mod:`features.contracts.addresses`.
    on_error : {"raise", "quarantine"}
        As in :func:`features.check_transfers`; cells that cannot be read make a bad row too.
    on_batch : callable, optional
        Called with the number of rows read since its last call.

    Returns
    -------
    transfers : Transfers
        As :func:`features.check_transfers` returns them.
    bad : DataFrame
        Only with "quarantine": the bad rows with ``reason``, indexed by (file, line), or by (file,
        row) where not all files have lines.

    Raises
    ------
    SourceError
        A file cannot be read, lacks a column, or has a cell that cannot be read; or amounts are
        more than there is of their asset, and nobody said what they count.
    TransfersError
        The transfers break their contract, or are dated later than now; the message names the file
        and the line or row.
    """
    loaded = Loaded()
    for path in paths:
        cells = Cells(Path(path), writing)
        for piece in pieces(cells, TRANSFERS, columns, {"asset": asset}):
            if on_error == "raise":
                raise_unreadable(cells)
            loaded.add(cells, piece)
            if on_batch is not None:
                on_batch(len(piece))
    received = Received(
        loaded.frame(), "transfers", TransfersError, loaded.row_name, loaded.problems, chain
    )
    received.not_after = latest_allowed()
    checked = check_received(received, on_error)
    if isinstance(checked, pd.DataFrame):
        require_plausible(checked, writing.unit)
        return checked
    good, bad = checked
    require_plausible(good, writing.unit)
    bad.index = loaded.index(bad.index.tolist())
    return good, bad


def read_labels(
    path: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    label: str | None = None,
    known_at: pd.Timestamp | None = None,
    source: str | None = None,
    writing: Writing = PLAINLY,
    chain: str | None = None,
) -> Labels:
    """Read and check a file of labels.

    Parameters
    ----------
    path : str or Path
        A table; see ``ENDINGS`` of :mod:`features.sources.tables`.
    columns : mapping of str to str, optional
        Contract name to the file's name; names that agree need no entry.
    label, known_at, source : optional
        Value of every row of a file without such a column.
    writing, chain
        As in :func:`load_transfers`.

    Returns
    -------
    Labels
        As :func:`features.check_labels` returns them.

    Raises
    ------
    SourceError
        The file cannot be read, lacks a column, or has a cell that cannot be read.
    LabelsError
        The labels break their contract.
    """
    constants: Constants = {"label": label, "known_at": known_at, "source": source}
    cells = Cells(Path(path), writing)
    frame = whole(cells, LABELS, columns, constants).to_pandas()
    with _of_file(cells):
        return check_labels(frame, chain=chain, name_row=cells.name)


def read_spine(
    path: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    as_of: pd.Timestamp | None = None,
    writing: Writing = PLAINLY,
    chain: str | None = None,
) -> Spine:
    """Read and check a file of (wallet, as_of).

    Parameters
    ----------
    path : str or Path
        A table; see ``ENDINGS`` of :mod:`features.sources.tables`.
    columns : mapping of str to str, optional
        Contract name to the file's name; names that agree need no entry.
    as_of : Timestamp with a time zone, optional
        Value of every row of a file without such a column.
    writing, chain
        As in :func:`load_transfers`.

    Returns
    -------
    Spine
        As :func:`features.check_spine` returns it.

    Raises
    ------
    SourceError
        The file cannot be read, lacks a column, or has a cell that cannot be read.
    SpineError
        The spine breaks its contract.
    """
    cells = Cells(Path(path), writing)
    frame = whole(cells, SPINE, columns, {"as_of": as_of}).to_pandas()
    with _of_file(cells):
        return check_spine(frame, chain=chain, name_row=cells.name)


@contextmanager
def _of_file(cells: Cells) -> Iterator[None]:
    """Open what is said of a mistake by the name of the file."""
    try:
        yield
    except RiskError as error:
        raise type(error)(f"{cells.path}: {error}") from None
