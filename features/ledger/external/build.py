"""A build from what was taken in to a ledger's folder."""

import os
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa

from features.contracts.prices import Priced
from features.contracts.received import row_name
from features.contracts.transfers import OnError, Transfers
from features.errors import LedgerError
from features.kernel import Int32s, Int64s
from features.ledger.assets import Assets
from features.ledger.disk import sync_file, write_generation
from features.ledger.external.copies import Context, Kept, kept_of
from features.ledger.external.log import (
    Laying,
    Pricing,
    Rows,
    keep_rows,
    n_rows,
    rows_of,
    stretch_edges,
    tx_ids_of,
)
from features.ledger.external.naming import (
    codes_of,
    keep_names,
    n_wallets,
    name_wallets,
    names_of,
)
from features.ledger.external.sides import Held, array_files, hold, keep_sides
from features.ledger.external.stages import Progress
from features.ledger.external.store import Store, header
from features.ledger.external.taken import Taking, assets_of, record_of
from features.ledger.external.texts import TextFile
from features.ledger.files import (
    ASSETS,
    KIND,
    OF_ASSETS,
    ROWS,
    TX_IDS,
    UNPRICED,
    WALLET_HASH,
    WALLETS,
)
from features.ledger.manifest import Manifest
from features.ledger.materiality import BEGINNING
from features.ledger.names import by_hash
from features.ledger.provenance import Provenance
from features.ledger.sums import sums
from features.ledger.values import account

_ORDER = "order.{}"
_MOST_BITS = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """What a build is to become.

    Attributes
    ----------
    chain, unit : str, optional
        As :meth:`features.Ledger.from_transfers` takes them.
    pricing : Pricing, optional
    on_error : {"raise", "quarantine"}
    columns : sequence of str, optional
        Those that the transfers came with; without it those of what was taken in.
    name_row : callable
        How messages name a row.
    set_aside : callable
        Gets copies of other content than the first: a frame with ``reason``, by row.
    check : callable
        Called when all copies are found; may raise.
    """

    chain: str | None = None
    unit: str | None = None
    pricing: Pricing | None = None
    on_error: OnError = "raise"
    columns: Sequence[str] | None = None
    name_row: Callable[[int], str] = row_name
    set_aside: Callable[[pd.DataFrame], None] = lambda _: None
    check: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Built:
    """What came of a build."""

    transfers: int
    wallets: int
    duplicates: int
    unpriced: int
    chain: str
    unit: str
    priced: Priced | None


class Building:
    """A ledger in the making, in a folder of its own.

    Parameters
    ----------
    folder : Path
    asked_for : mapping
        What it is made from and how, for JSON: a build that was cut off goes on only with the same.
    bits : int
        Of a hash, by which transfers and wallets are dealt out to 2 ** bits stretches.

    Raises
    ------
    LedgerError
        The folder holds another build.
    """

    def __init__(self, folder: Path, asked_for: Mapping[str, Any], bits: int) -> None:
        self.store = Store(folder, asked_for)
        fresh = {"bits": min(bits, _MOST_BITS), "secret": secrets.randbits(63), "columns": None}
        point = self.store.resumed
        self._stage, self._done = ("read", 0) if point is None else (point.stage, point.done)
        self.state: dict[str, Any] = fresh if point is None else point.state
        self._taking: Taking | None = None
        if point is None:
            self.store.commit(self._stage, self._done, self.state)

    @property
    def read(self) -> bool:
        """Whether all was taken in before."""
        return self._stage != "read" or bool(self.state.get("read"))

    @property
    def done(self) -> int:
        """Pieces that were taken in before."""
        return self._done

    @property
    def stretches(self) -> int:
        """Files that transfers, and wallets, are dealt out to."""
        return 1 << int(self.state["bits"])

    def take(self, typed: pd.DataFrame, rows: Int64s) -> None:
        """Take in transfers in the contract's types, and the numbers of their rows, ascending.

        Raises
        ------
        LedgerError
            They have other columns than those before.
        """
        columns = [*typed.columns]
        if self.state["columns"] not in (None, columns):
            raise LedgerError("transfers came with other columns than those before")
        self.state["columns"] = columns
        if self._taking is None:
            self._taking = Taking(self.store, self.state["bits"], self.state["secret"])
        self._taking.take(typed, rows)

    def note(self, pieces: int, facts: Mapping[str, Any], *, last: bool = False) -> None:
        """Note that so many pieces are taken in, and what their reader wants to know again."""
        self.state |= {"reader": dict(facts), "read": last}
        self._done = pieces
        self.store.commit("read", pieces, self.state)

    @property
    def reader(self) -> dict[str, Any]:
        """What the reader noted."""
        return cast("dict[str, Any]", self.state.get("reader", {}))

    def finish(
        self, to: Path, asked: Asked, tell: Callable[[str, int, int], None] = lambda *_: None
    ) -> Built:
        """Make the ledger of all that was taken in.

        Raises
        ------
        TransfersError, LedgerError
            As :meth:`features.Ledger.from_transfers`, :meth:`features.Ledger.save`.
        """
        self._taking = None
        stages = Progress(self.store, self._stage, self._done, self.state, tell)
        making = _Making(self.store, self.state, asked, self.stretches)
        stages.run("names", self.stretches, making.names, making.keep_names)
        making.look_up()
        stages.run("copies", self.stretches, making.copies, making.keep_copies)
        making.settle()
        stages.run("rows", self.stretches, making.rows, making.keep_rows)
        stages.run("sides", self.stretches, making.sides, making.keep_sides)
        write_generation(to, making.write)
        return making.built()


class _Making:
    """What the stages do: for each, what a unit finds, and how that is kept."""

    def __init__(self, store: Store, state: dict[str, Any], asked: Asked, stretches: int) -> None:
        self.store, self.state, self.asked, self.stretches = store, state, asked, stretches

    def names(self, bucket: int) -> Any:
        return name_wallets(self.store, bucket)

    def keep_names(self, bucket: int, found: Any) -> None:
        keep_names(self.store, bucket, found, self.asked.chain or "")

    def look_up(self) -> None:
        """All wallets have names now."""
        columns: list[str] = self.state["columns"]
        self.context = Context(
            self.store, record_of(columns), codes_of(self.store), names_of(self.store).mapped(),
            assets_of(self.store), tuple(self.asked.columns or columns), self.asked.name_row,
            self.asked.on_error,
        )  # fmt: skip
        self.state.setdefault("duplicates", 0)
        self.state.setdefault("assets", [])
        self.state.setdefault("told", [])

    def copies(self, bucket: int) -> Kept:
        return kept_of(self.context, bucket)

    def keep_copies(self, bucket: int, found: Kept) -> None:
        self.store.append(_ORDER.format(bucket), found.order)
        self.state["duplicates"] += found.duplicates
        self.state["assets"] = sorted({*self.state["assets"], *found.assets})
        self.state["told"] = sorted({*self.state["told"], *found.told})
        if found.bad is not None:
            self.asked.set_aside(found.bad)

    def settle(self) -> None:
        """All copies are out: what the ledger counts in is known."""
        self.asked.check()
        names = [self.context.assets[number] for number in self.state["assets"]]
        told = dict.fromkeys(self.state["told"], 1.0)
        priced = self.asked.pricing is not None
        summary = pd.DataFrame({"asset": names, **({"value": 1.0} if priced else told)})
        counted = account(cast("Transfers", summary), self.asked.chain, self.asked.unit)
        final = np.zeros(len(self.context.assets), np.int32)
        if counted.plain:
            self.assets = Assets.of_unit(counted.chain, counted.unit)
        else:
            known, code = by_hash(pa.array(names, pa.large_string()))
            final[self.state["assets"]] = code
            self.assets = Assets(
                counted.chain, counted.unit, False, known, np.empty(0, np.int32), np.empty(0)
            )
        self.laying = Laying(
            self.context, self.assets, final, self.asked.pricing, n_wallets(self.store),
            self.stretches,
        )  # fmt: skip

    def rows(self, bucket: int) -> Rows:
        order: Int32s = self.store.read(_ORDER.format(bucket), np.int32)
        return rows_of(self.laying, bucket, order)

    def keep_rows(self, bucket: int, found: Rows) -> None:
        keep_rows(self.laying, bucket, found)
        self.store.drop(_ORDER.format(bucket))
        if found.priced is not None:
            before = self.state.get("priced", [0, 0, 0, 0])
            self.state["priced"] = [a + b for a, b in zip(before, found.priced, strict=True)]

    def sides(self, stretch: int) -> Held:
        edges = stretch_edges(n_wallets(self.store), self.stretches)
        first, end = int(edges[stretch]), int(edges[stretch + 1])
        return hold(self.store, stretch, first, end - first)

    def keep_sides(self, stretch: int, found: Held) -> None:
        keep_sides(self.store, stretch, found)
        self.state["unknown"] = self.state.get("unknown", 0) + found.unknown
        times = [self.state.get("last_time"), found.last_time]
        self.state["last_time"] = max((one for one in times if one is not None), default=None)

    def write(self, draft: Path) -> Manifest:
        """Put the files of the ledger where it is to be."""
        plain, store = self.assets.plain, self.store
        none_apart = plain and not self._held("unpriced.outgoing")
        kinds: dict[str, Any] = {f"{name}.npy": kind for name, kind in ROWS.items()}
        if not plain:
            kinds |= {f"{name}.npy": kind for name, kind in OF_ASSETS.items()}
            texts = TextFile(store, "assets.known")
            if not texts.count:
                texts.append(self.assets.names.text)
            texts.seal(draft / ASSETS)
        kinds |= {WALLET_HASH: np.uint64, KIND: np.int8, **array_files()}
        for name, kind in kinds.items():
            store.seal_array(name, kind)
            if none_apart and name.startswith(UNPRICED):
                (draft / name).write_bytes(header(kind, 0))
            else:
                _place(store.folder / name, draft / name)
        names_of(store).seal(draft / WALLETS)
        tx_ids_of(store).seal(draft / TX_IDS)
        for path in draft.iterdir():
            sync_file(path)
        return Manifest(
            generation="", chain=self.assets.chain, unit=self.assets.unit, plain=plain,
            assets=len(self.assets.names), transfers=n_rows(store),
            unpriced=self._held("unpriced.outgoing"),
            wallets=n_wallets(store), dust=self._held("dust"),
            beginnings=store.length("beginnings.npy", BEGINNING),
            last_time_us=self.state["last_time"], **sums(draft, plain=plain),
            provenance=Provenance().facts(),
        )  # fmt: skip

    def _held(self, side: str) -> int:
        return self.store.length(f"{side}.time.npy", np.int64)

    def built(self) -> Built:
        """What came of it."""
        told = self.state.get("priced")
        return Built(
            n_rows(self.store), n_wallets(self.store), self.state["duplicates"],
            self.state["unknown"], self.assets.chain, self.assets.unit,
            None if told is None else Priced(*told),
        )  # fmt: skip


def _place(source: Path, to: Path) -> None:
    """A second name for a file, or a copy on a disk that has no such thing."""
    try:
        os.link(source, to)
    except OSError:
        shutil.copyfile(source, to)
