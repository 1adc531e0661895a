"""What was understood of a file, in words, before anything is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from features.contracts.received import Received
from features.contracts.times import latest_allowed
from features.contracts.transfers import check_received
from features.errors import TransfersError
from features.sources.cells import Cells
from features.sources.formats import Options, Source, table_options
from features.sources.pieces import TRANSFERS, column_places, constant
from features.sources.room import Column
from features.sources.tables import batches, column_names
from features.sources.writing import Writing

SHOWN = 10  # rows in all
_WRITTEN = {
    "timestamp": ("time_unit", "timezone"),
    "amount": ("unit", "decimal"),
    "fee": ("unit", "decimal"),
}


@dataclass(slots=True)
class Understood:
    """What a dry run found.

    Attributes
    ----------
    columns : dict of str to str
        For each file, which of its columns stand for what.
    rows : list of str
        A sentence a transfer.
    bad : list of str
        Rows that would be bad, each with its reason.
    """

    columns: dict[str, str] = field(default_factory=dict)
    rows: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)

    def text(self) -> str:
        """All of it for a reader."""
        bad = [f"bad: {one}" for one in self.bad]
        return "\n".join([*self.columns.values(), *self.rows, *bad, "nothing was kept: a dry run"])

    def facts(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {"columns": self.columns, "rows": self.rows, "bad": self.bad, "dry_run": True}


def understand_tables(
    paths: Sequence[Path], options: Options, *, chain: str | None = None
) -> Understood:
    """Read the first rows of tables, ten in all, and say what they mean.

    Parameters
    ----------
    paths : sequence of Path
    options : mapping
        As :func:`features.sources.formats.read_files` takes them.
    chain : str, optional

    Raises
    ------
    SourceError, TransfersError
        A file, its columns or the options are of no use; a bad row is told and raises nothing.
    """
    plain, writing = table_options(options)
    found = Understood()
    for path in paths:
        left = max(0, SHOWN - len(found.rows) - len(found.bad))
        _first_rows(found, Cells(path, writing), plain, chain, left)
    return found


def understand(found: Source) -> Understood:
    """Say what the first ten transfers of any other format mean."""
    rows = found.transfers.head(SHOWN).to_dict("records")
    bad = [] if found.bad is None else found.bad["reason"].head(SHOWN).tolist()
    return Understood({}, [_sentence(row, {}) for row in rows], bad)


def _first_rows(
    found: Understood, cells: Cells, plain: Mapping[str, Any], chain: str | None, left: int
) -> None:
    given = {} if plain.get("asset") is None else {"asset": constant("asset", plain["asset"])}
    places = column_places(cells.path, TRANSFERS, plain.get("columns") or {}, given)
    found.columns[str(cells.path)] = _columns(cells.path, places, plain, cells.writing)
    wanted = list(dict.fromkeys(places.values()))
    first = next(iter(batches(cells.path, wanted)), None)
    if first is None or not left:
        return
    few = first.slice(0, left)
    table: dict[str, Column] = {
        name: cells.convert(name, few.column(place)) for name, place in places.items()
    }
    table |= {name: pa.repeat(value, len(few)) for name, value in given.items()}
    frame = pa.table({name: table[name] for name in TRANSFERS.columns if name in table})
    received = Received(
        frame.to_pandas(), "transfers", TransfersError, cells.name, cells.problems, chain
    )
    received.not_after = latest_allowed()
    good, bad = _sorted_out(received)
    raw = few.to_pandas()
    for row in range(len(few)):
        where = f"{cells.path} {cells.name(row)}: "
        if row in bad:
            found.bad.append(where + bad[row])
        elif row in good:
            cell = {name: raw[place].iloc[row] for name, place in places.items()}
            found.rows.append(where + _sentence(good[row], cell))


def _sorted_out(received: Received) -> tuple[dict[int, Mapping[Any, Any]], dict[Any, str]]:
    """Good transfers, and reasons of bad ones, by their row; copies are left out."""
    frame = received.frame
    checked = check_received(received, "quarantine")
    assert not isinstance(checked, pd.DataFrame)  # noqa: S101 for the type checker
    good, bad = checked
    keys = {(one["tx_id"], one["position"]): one for one in good.to_dict("records")}
    position = frame["position"] if "position" in frame else pd.Series(0, frame.index)
    rows: dict[int, Mapping[Any, Any]] = {}
    for row, key in enumerate(zip(frame["tx_id"], position, strict=True)):
        if row not in bad.index and key in keys:
            rows[row] = keys.pop(key)
    return rows, bad["reason"].to_dict()


def _columns(
    path: Path, places: Mapping[str, str], plain: Mapping[str, Any], writing: Writing
) -> str:
    """Which columns of a file stand for what, and which are left."""
    parts = []
    for name, place in places.items():
        how = [str(getattr(writing, one) or "") for one in _WRITTEN.get(name, ())]
        said = ", ".join(one for one in how if one)
        parts.append(f"{name} from {place!r}" + (f" ({said})" if said else ""))
    if plain.get("asset") is not None:
        parts.append(f"asset is {plain['asset']}")
    left = [repr(name) for name in column_names(path) if name not in places.values()]
    unread = f"; not read: {', '.join(islice(left, SHOWN))}" if left else ""
    return f"{path}: {', '.join(parts)}{unread}"


def _sentence(row: Mapping[Any, Any], cells: Mapping[str, Any]) -> str:
    """A transfer in words, with the cell beside each part that is written otherwise there."""

    def part(name: str, text: str) -> str:
        written = str(cells.get(name, text))
        return text if written == text else f"{text} ({written!r})"

    when = part("timestamp", f"{row['timestamp']:%Y-%m-%d %H:%M:%S} UTC")
    amount = part("amount", f"{row['amount']:.15g}")
    sender, recipient = (part(end, str(row[end])) for end in ("sender", "recipient"))
    return (
        f"on {when}, {sender} sent {amount} {row['asset']} to {recipient}, in transaction "
        f"{row['tx_id']}, position {row['position']}"
    )
