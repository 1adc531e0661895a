"""Tables that hold more than memory become a ledger: read in chunks, built on disk."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.contracts.received import Received
from features.contracts.times import latest_allowed
from features.contracts.transfers import typed_rows
from features.errors import LedgerError, RiskError, SourceError, TransfersError
from features.ledger.disk import note_whole
from features.ledger.external.build import Asked, Building, Built
from features.ledger.external.log import Pricing
from features.ledger.folder import holds_ledger
from features.ledger.known_whole import LEAST_BYTES, SETTLED_S
from features.ledger.lock import writing
from features.ledger.manifest import read_manifest
from features.progress import Advance, counter
from features.sources.chunks import Chunk, Place, Tables, ahead, chunks
from features.sources.formats import Options, Reading, table_options
from features.sources.guards import MOST_BAD, Amounts, Bad, Tally, check_amounts, check_bad
from features.sources.ingest import AS_IT_IS, Counting, Ingested, aside_of
from features.sources.size import Size, require_disk

_BAD = "bad.csv"
_LEAST_ROWS, _MEMORY_A_ROW = 1 << 16, 4096  # of a stretch: two are in memory, several times


@dataclass(frozen=True, slots=True)
class Large:
    """What is read, and what it becomes.

    Attributes
    ----------
    paths : sequence of Path
    options : mapping
        As :func:`features.sources.formats.read_files` takes them.
    how : Reading
    counting : Counting
    most_bad : float
    memory : int
        Bytes that it may take.
    shown : mapping of str to str
        What messages call files whose name is ours.
    """

    paths: Sequence[Path]
    options: Options
    how: Reading
    counting: Counting = AS_IT_IS
    most_bad: float = MOST_BAD
    memory: int = 4 << 30
    shown: Mapping[str, str] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """What must be the same for a build that was cut off to go on, for JSON."""
        files = [
            [self.shown.get(str(path), str(path.absolute())), path.stat().st_size,
             None if str(path) in self.shown else path.stat().st_mtime_ns]
            for path in self.paths
        ]  # fmt: skip
        prices = self.counting.prices
        return {
            "files": files,
            "options": json.loads(json.dumps(self.options, default=str)),
            "chain": self.how.chain,
            "bad rows": self.how.on_error,
            "unit of account": self.counting.unit,
            "prices": None if prices is None else _digest(prices),
            "age of prices": str(self.counting.max_age),
        }


def ingest_large(
    large: Large, size: Size, to: Path, advance: Advance
) -> tuple[Ingested, list[str]]:
    """Build a ledger of tables on disk, in memory that does not grow with them.

    A build that was cut off, by whatever, goes on where it was when it is asked for again: what it
    has lies in ``NAME.building`` beside the ledger until it is whole.

    Parameters
    ----------
    large : Large
    size : Size
        What the files are thought to hold.
    to : Path
        Where no ledger is yet.
    advance : Advance

    Returns
    -------
    Ingested
    warnings : list of str

    Raises
    ------
    SourceError
        A ledger is there already, the disk is too small, or as
        :func:`features.sources.formats.read_files`.
    TransfersError, LedgerError
        As :meth:`features.Ledger.from_transfers`.
    """
    with writing(to):
        if holds_ledger(to):
            raise SourceError(
                f"{to} holds a ledger, and what is added to it is read into memory: these files "
                f"take about {size.memory / 2**30:.1f} GB, more than --memory allows; add them in "
                "parts, or ingest all files into a new folder"
            )
        folder = to.with_name(f"{to.name}.building")
        if not folder.exists():
            require_disk(folder, size)
        stretch = max(_LEAST_ROWS, large.memory // _MEMORY_A_ROW)
        building = Building(
            folder, large.facts(), int(np.ceil(np.log2(max(1, size.rows / stretch))))
        )
        try:
            run = _Run(large, building, to, advance)
            done = run.build(max(1, size.rows))
        except OSError as error:
            raise LedgerError(
                f"{folder}: {error.strerror or error}; what is there stays: ask again to go on"
            ) from error
        except RiskError:
            building.store.remove()
            raise
        building.store.remove()
        _open_once(to, advance)
    return done, run.warnings


def _open_once(to: Path, advance: Advance) -> None:
    """Let a large ledger be known whole, for its first opening to take no time."""
    manifest = read_manifest(to)
    if sum(manifest.bytes.values()) >= LEAST_BYTES:
        time.sleep(SETTLED_S)  # its files have just got the only name that they have
        note_whole(to, counter(advance, "files checked", len(manifest.files)))


class _Run:
    """One run of a build."""

    def __init__(self, large: Large, building: Building, to: Path, advance: Advance) -> None:
        self.large, self.building, self.to, self.advance = large, building, to, advance
        noted = building.reader
        self.tables = Tables(large.paths, large.shown)
        self.place = Place(**noted.get("place", {}))
        self.bad = Bad(**noted.get("bad", {}))
        amounts = noted.get("amounts", {})
        self.tally = Tally({name: Amounts(**facts) for name, facts in amounts.items()})
        self.warnings: list[str] = []

    def build(self, expected: int) -> Ingested:
        """Read what is left, check what was read, and make the ledger."""
        if not self.building.read:
            self._read(expected)
        self.tables.starts = self.place.starts
        if self.place.all_rows == self.bad.count:
            raise SourceError(f"{self.large.paths[0]}: holds no transfer that can be kept")
        self._check()
        counting = self.large.counting
        if counting.prices is not None and not counting.unit:
            raise SourceError("prices need the unit of account that they are in, such as USD")
        asked = Asked(
            counting.chain, counting.unit,
            None if counting.prices is None else Pricing(counting.prices, counting.max_age),
            self.large.how.on_error, tuple(self.place.columns), self.tables.row_name,
            self._set_aside, self._check,
        )  # fmt: skip
        return self._told(self.building.finish(self.to, asked, self._tell))

    def _read(self, expected: int) -> None:
        plain, writing_ = table_options(self.large.options)
        strict = self.large.how.on_error == "raise"
        read = chunks(self.large.paths, plain, writing_, self.place, strict=strict)
        pieces = self.building.done
        for chunk in ahead(read):
            self._take(chunk)
            pieces += 1
            self.building.note(pieces, self._noted())
            done = self.place.all_rows
            self.advance("rows read", done, max(done, expected))
        self.building.note(pieces, self._noted(), last=True)
        self.advance("rows read", self.place.all_rows, self.place.all_rows)

    def _take(self, chunk: Chunk) -> None:
        self.place = chunk.place
        self.tables.starts = chunk.place.starts
        received = Received(
            chunk.frame, "transfers", TransfersError,
            lambda row: self.tables.row_name(chunk.first + row), chunk.problems,
            self.large.how.chain,
        )  # fmt: skip
        received.not_after = latest_allowed()
        typed = typed_rows(received)
        if self.large.how.on_error == "raise":
            received.raise_problems()
        rows = np.arange(chunk.first, chunk.first + len(typed))
        if received.problems:
            bad = received.bad()
            aside = received.quarantined()
            aside.index = pd.Index(rows[aside.index.to_numpy()])
            self._set_aside(aside)
            typed, rows = typed.loc[~bad].reset_index(drop=True), rows[~bad]
        if len(typed):
            self.tally.add(typed)
            self.building.take(typed, rows)

    def _set_aside(self, bad: pd.DataFrame) -> None:
        """Keep bad rows, which are numbered through all files."""
        bad = bad.set_axis(self.tables.index(bad.index.tolist()))
        self.bad.add(bad)
        self.building.reader["bad"] = asdict(self.bad)
        store = self.building.store
        text = bad.to_csv(header=not store.size(_BAD)).encode()
        store.append(_BAD, np.frombuffer(text, np.uint8))

    def _check(self) -> None:
        """Look at what was read before it is kept; raises where that must not be."""
        self.warnings = [
            *check_bad(self.bad, self.place.all_rows, self.large.most_bad),
            *check_amounts(self.tally, self.large.options.get("unit")),
        ]

    def _noted(self) -> dict[str, Any]:
        amounts = {name: asdict(one) for name, one in self.tally.assets.items()}
        return {"place": asdict(self.place), "bad": asdict(self.bad), "amounts": amounts}

    def _tell(self, stage: str, done: int, units: int) -> None:
        rows = self.place.all_rows
        self.advance(stage, rows * done // units, rows)

    def _told(self, built: Built) -> Ingested:
        bad: dict[str, Any] = {}
        if self.bad.count:
            beside = aside_of(self.to)
            beside.write_bytes((self.building.store.folder / _BAD).read_bytes())
            bad = {"bad_rows": self.bad.count, "bad_rows_file": str(beside)}
        return Ingested(
            str(self.to), built.transfers, built.transfers, built.wallets, **bad,
            chain=built.chain, unit=built.unit, unpriced=built.unpriced, prices=built.priced,
            notes=[],
        )  # fmt: skip


def _digest(prices: pd.DataFrame) -> str:
    return str(int(pd.util.hash_pandas_object(prices, index=False).sum()))
