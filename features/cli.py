"""What the commands of every folder need: bars for long work, and the list of columns."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from textwrap import shorten

import pandas as pd
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from features.categories import other_words
from features.columns import Column
from features.errors import SourceError
from features.ledger import Ledger
from features.sources.files import read_labels
from features.trace import trace

_WORDS, _WIDTH = 5, 40  # that fit on a line

Advance = Callable[[str, int, int | None], None]


@contextmanager
def progress() -> Iterator[Advance]:
    """Show a bar a stage, on stderr; none where stdout is no terminal.

    Yields
    ------
    callable
        Takes (stage, steps done, steps in all); None where their number is unknown.
    """
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not sys.stdout.isatty(),
    )
    stages: dict[str, TaskID] = {}

    def advance(stage: str, done: int, total: int | None) -> None:
        if stage not in stages:
            stages[stage] = bars.add_task(stage, total=total)
        bars.update(stages[stage], completed=done)

    with bars:
        yield advance


def counter(advance: Advance, stage: str, total: int | None = None) -> Callable[[int], None]:
    """Turn the number of steps since the last call into that of all steps."""
    done = 0

    def count(steps: int) -> None:
        nonlocal done
        done += steps
        advance(stage, done, total)

    return count


def column_line(column: Column) -> str:
    """Name, unit and meaning of a column, and where its definition comes from.

    Examples
    --------
    >>> column_line(Column("coverage_age_s", "time since the first transfer"))
    'coverage_age_s  [s]  time since the first transfer'
    >>> column_line(Column("f_memory_ratio", "each gap with the next", source="Goh 2008, eq. 2"))
    'f_memory_ratio  [ratio]  each gap with the next  (Goh 2008, eq. 2)'
    """
    unit = column.name.rpartition("_")[2]
    source = f"  ({column.source})" if column.source else ""
    return f"{column.name}  [{unit}]  {column.meaning}{source}"


def read_known(labels: Path | None) -> pd.DataFrame | None:
    """Read the labels that features use; say on stderr which of them are of category other."""
    if labels is None:
        return None
    known = read_labels(labels)
    words = other_words(known["category"].tolist())
    if words:
        shown = [f"{shorten(word, _WIDTH)} ({n})" for word, n in islice(words.items(), _WORDS)]
        shown += ["..."] if len(words) > _WORDS else []
        count = sum(words.values())
        sys.stderr.write(f"labels: {count} of category other: {', '.join(shown)}\n")
    return known


def read_trace(
    ledger: Path, wallet: str, as_of: str | None, labels: Path | None
) -> tuple[str, pd.DataFrame]:
    """Trace a wallet on a saved ledger, as of now by default; returns a title and the trails."""
    now = pd.Timestamp.now("UTC").isoformat().replace("+00:00", "Z")
    instant = now if as_of is None else as_of
    known = read_known(labels)
    opened = Ledger.open(ledger)
    trails = trace(opened, wallet, instant, labels=known)
    unknown = ": unknown wallet" if opened.code(wallet) < 0 else ""
    return f"wallet {wallet} as of {instant}{unknown}", trails


def trace_text(trails: pd.DataFrame) -> str:
    """Say the result of :func:`features.trace` for a reader, a block a trail.

    Examples
    --------
    >>> print(trace_text(pd.DataFrame({
    ...     "column": "x_chain_hops", "trail": [0, 0], "hop": [1, 2], "tx_id": ["t1", "t2"],
    ...     "position": 0, "timestamp": pd.to_datetime(["2026-01-01", "2026-01-02"], utc=True),
    ...     "sender": ["a", "b"], "recipient": ["b", "c"], "amount": [2.0, 5.5],
    ...     "traced_amount": [2.0, 1.5], "category": "scam"})))
    <BLANKLINE>
    trail 0 of x_chain_hops, scam
      1  2026-01-01T00:00:00Z  2 from a to b, transfer t1:0
      2  2026-01-02T00:00:00Z  5.5 (1.5 of it) from b to c, transfer t2:0
    """
    lines = []
    for row in trails.to_dict("records"):
        if row["hop"] == 1:
            category = f", {row['category']}" if row["category"] else ""
            lines.append(f"\ntrail {row['trail']} of {row['column']}{category}")
        amount, traced = row["amount"], row["traced_amount"]
        part = "" if traced == amount else f" ({traced:.6g} of it)"
        time = row["timestamp"].isoformat().replace("+00:00", "Z")
        lines.append(
            f"{row['hop']:3}  {time}  {amount:.6g}{part} from {row['sender']} to "
            f"{row['recipient']}, transfer {row['tx_id']}:{row['position']}"
        )
    return "\n".join(lines) if lines else "no trail"


def require_parquet(path: Path) -> None:
    """Raise unless the name is that of a parquet file."""
    if path.suffix != ".parquet":
        raise SourceError(f"{path}: a feature table is a .parquet file")
