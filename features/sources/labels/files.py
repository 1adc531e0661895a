"""Files of labels that are kept: brought up to date, put together, written whole or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from features.contracts.labels import Labels, check_labels
from features.errors import SourceError
from features.progress import Advance, counter
from features.sources.files import read_labels
from features.sources.labels.importing import (
    Imported,
    Importing,
    import_files,
    import_history,
)
from features.sources.labels.report import conflicts
from features.sources.labels.story import coalesced, updated
from features.sources.tables import CSV, PARQUET, write_table


@dataclass(frozen=True, slots=True)
class Done:
    """What a command did to a file of labels: facts, and lines for a reader."""

    lines: tuple[str, ...]
    found: Mapping[str, Any]

    def text(self) -> str:
        """Lines for a reader."""
        return "\n".join(self.lines)

    def facts(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return dict(self.found)


def import_into(
    to: Path, files: Sequence[str], repository: Path | None, how: Importing, advance: Advance
) -> Done:
    """Read a list, and bring a file of labels up to its state.

    Parameters
    ----------
    to : Path
        Parquet or CSV; made where it is not there.
    files : sequence of str
        Files of the list; of a repository, patterns of them.
    repository : Path, optional
        Of the list, whose versions are all read.
    how : Importing
    advance : Advance

    Raises
    ------
    RiskError
        What is asked for is contradictory or cannot be read; ``to`` is as it was.
    """
    _require_sense(to, files, repository, how)
    before = read_labels(to) if to.exists() else None
    if repository is not None:
        found = import_history(repository, files, how, counter(advance, "versions"))
    else:
        step = counter(advance, "files", len(files))
        found = import_files([Path(file) for file in files], how, step)
    return _bring_up(to, before, found, how.source)


def _require_sense(to: Path, files: Sequence[str], repository: Path | None, how: Importing) -> None:
    """Raise where options contradict each other, or name what there is not."""
    _require_suffix(to)
    if not how.source.strip() or "/" in how.source:
        raise SourceError(f"--source must be a name without a slash, got {how.source!r}")
    if repository is None and not files:
        raise SourceError("name the files of the list, or its repository with --history")
    if how.known_at is not None:
        if repository is not None:
            raise SourceError(
                "--history says itself since when an entry was known: leave --known-at"
            )
        if how.known_at > pd.Timestamp.now("UTC"):
            raise SourceError(f"--known-at {how.known_at.isoformat()} is later than now")
    _ = how.list_format


def _require_suffix(to: Path) -> None:
    if not str(to).endswith((*PARQUET, *CSV)):
        raise SourceError(f"{to}: labels are written as .parquet or .csv")


def _bring_up(to: Path, before: Labels | None, found: Imported, source: str) -> Done:
    """Write a file of labels with a list as it is now.

    Raises
    ------
    LabelsError
        The file holds a later state of the list.
    """
    done = updated(before, found.labels, source, found.at)
    write_table(done.labels, to)
    known = found.labels
    facts: dict[str, Any] = {
        "labels_file": str(to),
        "source": source,
        "holds": done.new + done.unchanged,
        "over": done.over,
        "new": done.new,
        "ended": done.ended,
        "unchanged": done.unchanged,
        "labels": len(done.labels),
        "left_out": dict(found.left_out.counts),
        "left_out_examples": found.left_out.examples,
        "categories": {str(k): int(n) for k, n in known["category"].value_counts().items()},
        "verdicts": {str(k): int(n) for k, n in known["label"].value_counts().items()},
    }
    since = "" if before is None else f", {done.new} new and {done.ended} ended since"
    lines = [
        f"{to}: {facts['holds']} labels of {source} hold and {done.over} have ended{since}; "
        f"{len(done.labels)} labels in all"
    ]
    if found.told is not None:
        told = found.told
        facts |= {
            "versions": told.versions,
            "first_version": told.first.isoformat(),
            "last_version": told.last.isoformat(),
            "unreadable": dict(told.unreadable),
        }
        first = int((known["known_at"] == told.first).sum())
        lines.append(
            f"{told.versions} versions from {told.first.isoformat()} to {told.last.isoformat()}; "
            f"{first} labels are of the first one, and may have been known before it"
        )
        lines += [
            f"{path}: {n} versions could not be read, those before them stand"
            for path, n in told.unreadable.items()
        ]
    lines.append(", ".join(f"{n} {category}" for category, n in facts["categories"].items()))
    lines += _left_out(found)
    return Done(tuple(line for line in lines if line), facts)


def _left_out(found: Imported) -> list[str]:
    lines = []
    for reason, n in found.left_out.counts.items():
        shown = found.left_out.examples.get(reason, [])
        such = f", such as {', '.join(shown)}" if shown else ""
        lines.append(f"left out: {n} ({reason}){such}")
    return lines


def merge_files(paths: Sequence[Path], to: Path) -> Done:
    """Write the labels of several files into one.

    Raises
    ------
    SourceError, LabelsError
        A file cannot be read, or holds no labels.
    """
    _require_suffix(to)
    received = read_all(paths)
    labels = check_labels(coalesced(received))
    write_table(labels, to)
    against = conflicts(labels)
    facts = {
        "labels_file": str(to), "received": len(received), "labels": len(labels),
        "wallets": int(labels["wallet"].nunique()), "conflicts": len(against),
    }  # fmt: skip
    line = (
        f"{to}: {len(labels)} labels of {facts['wallets']} wallets, from {len(received)}; "
        f"{len(against)} wallets are illicit and licit at one time"
    )
    return Done((line,), facts)


def read_all(paths: Sequence[Path]) -> Labels:
    """Read the labels of several files as one."""
    frames = [read_labels(path) for path in paths]
    return check_labels(pd.concat(frames, ignore_index=True))
