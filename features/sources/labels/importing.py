"""From a list of known wallets to labels: of files as they are, or of their history."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pandas as pd

from features.contracts.labels import UNSPECIFIED, check_labels
from features.contracts.received import MAX_NAME
from features.contracts.times import UTC
from features.errors import LabelsError, RiskError, SourceError
from features.sources.labels.formats import ListFormat, list_format
from features.sources.labels.history import Told, history
from features.sources.labels.listed import Listed
from features.sources.labels.spelled import Spelled, spelled
from features.sources.labels.table import ListTable, read_table

TABLE = "table"


@dataclass(frozen=True, slots=True)
class Importing:
    """How to read a list.

    Attributes
    ----------
    format : str
        A name of ``LISTS``, or "table".
    source : str
        What the list is called; parts of it are named after it and a slash.
    licence : str, optional
        Under which it is published; that of the format if it has one.
    chain : str, optional
        Keep only what may be a wallet of this chain.
    known_at : Timestamp, optional
        Since when its state was known, where the files do not say it of each entry.
    table : ListTable
    """

    format: str
    source: str
    licence: str | None = None
    chain: str | None = None
    known_at: pd.Timestamp | None = None
    table: ListTable = field(default_factory=ListTable)

    @property
    def list_format(self) -> ListFormat:
        """Its reader, and what goes with it."""
        if self.format == TABLE:
            return ListFormat(partial(read_table, options=self.table), ("*.csv",))
        return list_format(self.format)

    def read(self, path: Path) -> Listed:
        """Read one file of the list.

        Raises
        ------
        SourceError
            It cannot be read, or is not of the format.
        """
        if not path.is_file():
            raise SourceError(f"{path}: no such file")
        try:
            return self.list_format.read(path)
        except RiskError:
            raise
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # JSON of others may hold anything anywhere
            raise SourceError(
                f"{path}: is not as {self.format} has it: {type(error).__name__}: {error}"
            ) from None


@dataclass(slots=True)
class LeftOut:
    """Entries that are no labels, by reason, and some of them as they were written."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, found: Spelled) -> None:
        """Take in those of another file."""
        self.counts += found.left_out
        self._show(found)

    def at_most(self, found: Spelled) -> None:
        """Take in those of another version of a file, which repeats most of them."""
        self.counts |= found.left_out
        self._show(found)

    def _show(self, found: Spelled) -> None:
        for reason, shown in found.examples.items():
            self.examples.setdefault(reason, shown)


@dataclass(frozen=True, slots=True)
class Imported:
    """Labels of a list.

    Attributes
    ----------
    labels : DataFrame
        Checked.
    at : Timestamp or None
        Of its newest state: what was in it before and is not has ended. None where its entries say
        themselves when they became known, so that nothing is said of those that are not there.
    left_out : LeftOut
    told : Told or None
        Of its history, where that was read.
    """

    labels: pd.DataFrame
    at: pd.Timestamp | None
    left_out: LeftOut
    told: Told | None = None


def import_files(
    paths: Sequence[Path], how: Importing, on_file: Callable[[int], None] = lambda _: None
) -> Imported:
    """Read the state of a list.

    Raises
    ------
    LabelsError
        It is not said when an entry became known, or there is none.
    SourceError
        A file cannot be read.
    """
    left_out, frames = LeftOut(), []
    for path in paths:
        found = spelled(how.read(path), how.chain)
        left_out.add(found)
        frames.append(_statements(found.frame, how))
        on_file(1)
    frame = pd.concat(frames, ignore_index=True)
    if frame.empty:  # as the state of a list it would end all that was on it
        why = "; ".join(f"{n} {reason}" for reason, n in left_out.counts.items())
        raise LabelsError(f"labels: no wallet is left to import ({why or 'the files are empty'})")
    frame = _timed(frame, how, left_out)
    return Imported(check_labels(frame), how.known_at, left_out)


def import_history(
    repository: Path, patterns: Sequence[str], how: Importing,
    on_version: Callable[[int], None] = lambda _: None,
) -> Imported:  # fmt: skip
    """Read all states of a list, from the commits of a repository.

    Parameters
    ----------
    patterns : sequence of str
        Which files of it; empty: those of the format.

    Raises
    ------
    SourceError
        As for :func:`features.sources.labels.history.history`.
    """
    left_out = LeftOut()

    def read(path: Path) -> pd.DataFrame:
        found = spelled(how.read(path), how.chain)
        left_out.at_most(found)
        return _statements(found.frame, how)

    told = history(repository, patterns or how.list_format.files, read, on_version)
    return Imported(told.labels, told.last, left_out, told)


def _statements(frame: pd.DataFrame, how: Importing) -> pd.DataFrame:
    """Entries in the columns of labels."""
    part = frame["part"]
    source = (how.source + "/" + part).where(part != "", how.source)
    licence = how.licence or how.list_format.licence or UNSPECIFIED
    original = frame["original"].str.slice(stop=MAX_NAME)
    return frame.drop(columns="part").assign(
        source=source.str.slice(stop=MAX_NAME),
        licence=licence,
        original=original.where(original != "", UNSPECIFIED),
    )


def _timed(frame: pd.DataFrame, how: Importing, left_out: LeftOut) -> pd.DataFrame:
    """Entries with the times at which they became known, and ended."""
    known_at, until = _instants(frame["known_at"]), _instants(frame["until"])
    if how.known_at is not None:
        known_at = pd.Series(how.known_at, frame.index, dtype=UTC)
    unknown = known_at.isna()
    if unknown.any():
        raise LabelsError(
            f"labels: nothing says since when {int(unknown.sum())} of {len(frame)} entries were "
            f"known, such as {frame.loc[unknown, 'wallet'].iloc[0]}; say --known-at, or read the "
            "history of the list with --history (a list's own date is often wrong by years)"
        )
    over = (until <= known_at).to_numpy()
    left_out.counts["ended before it was known"] += int(over.sum())
    left_out.counts = +left_out.counts
    return frame.assign(known_at=known_at, until=until)[~over]


def _instants(texts: "pd.Series[str]") -> "pd.Series[pd.Timestamp]":
    given = texts.where(texts != "")
    try:
        return pd.to_datetime(given, utc=True, format="ISO8601").astype(UTC)
    except ValueError as error:
        raise LabelsError(f"labels: a time of an entry cannot be read: {error}") from None
