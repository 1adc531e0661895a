"""What the commands of every folder need: bars for long work, and the list of columns."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from textwrap import shorten

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from features.contracts.categories import other_words
from features.contracts.labels import UNSPECIFIED, Labels
from features.errors import SourceError
from features.sources.files import read_labels
from features.view import Column

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


def read_known(labels: Path | None) -> Labels | None:
    """Read the labels that features use; say on stderr which of them are of category other."""
    if labels is None:
        return None
    known = read_labels(labels)
    words = other_words(known.loc[known["category"] != UNSPECIFIED, "category"].tolist())
    if words:
        shown = [f"{shorten(word, _WIDTH)} ({n})" for word, n in islice(words.items(), _WORDS)]
        shown += ["..."] if len(words) > _WORDS else []
        count = sum(words.values())
        sys.stderr.write(f"labels: {count} of category other: {', '.join(shown)}\n")
    return known


def require_parquet(path: Path) -> None:
    """Raise unless the name is that of a parquet file."""
    if path.suffix != ".parquet":
        raise SourceError(f"{path}: a feature table is a .parquet file")
