"""Both sides of a build: the transfers of a stretch of wallets, each wallet's in order of time."""

from typing import Any, NamedTuple

import numpy as np

from features.kernel import Float64s, Int32s, Int64s, kernel
from features.ledger.external.log import END, RECEIVED, SENT
from features.ledger.external.store import Store
from features.ledger.files import BY_PLACE, BY_WALLET, SCALES, SIDES, UNPRICED
from features.ledger.materiality import BEGINNING, Scales, parted
from features.ledger.side import RowOrder
from features.ledger.slices import Slices, dealt


class Held(NamedTuple):
    """What a stretch of wallets holds, by the names of a ledger's sides; and its scales.

    ``unknown`` are transfers that they sent whose value is not known.
    """

    sides: dict[str, Slices]
    scales: Scales
    last_time: int | None
    unknown: int


def hold(store: Store, stretch: int, first: int, n_wallets: int) -> Held:
    """Lay out the transfers of some wallets.

    Parameters
    ----------
    store : Store
    stretch : int
    first, n_wallets : int
        Code of the first of the wallets, and how many they are.
    """
    sent, without_sent = _slices(store, f"{SENT}.{stretch}", first, n_wallets)
    received, without = _slices(store, f"{RECEIVED}.{stretch}", first, n_wallets)
    last = [side.last_time() for side in (sent, without_sent)]
    order = RowOrder(
        store.mapped_array("tx_hash.npy", np.uint64), store.mapped_array("position.npy", np.int32)
    )
    counts, dust, scales = parted(received, sent, order)
    sides = dict(zip(SIDES, (counts, sent, dust), strict=True))
    sides |= dict(zip(UNPRICED, (without, without_sent), strict=True))
    latest = max((time for time in last if time is not None), default=None)
    return Held(sides, scales, latest, int(np.isnan(without_sent.amount).sum()))


def keep_sides(store: Store, stretch: int, held: Held) -> None:
    """Add what :func:`hold` gave to the files of the ledger."""
    for side, slices in held.sides.items():
        start = slices.start + store.length(f"{side}.time.npy", np.int64)
        store.append_array(f"{side}.start.npy", start)
        store.append_array(f"{side}.count.npy", slices.count)
        for name in BY_PLACE:
            store.append_array(f"{side}.{name}.npy", getattr(slices, name)[: slices.used])
    scales = held.scales
    before = store.length("beginnings.npy", BEGINNING)
    begun, beginnings = scales.begun.copy(), scales.beginnings[: scales.used].copy()
    begun[begun >= 0] += before
    beginnings["former"][beginnings["former"] >= 0] += before
    for name, array in zip(SCALES, (scales.scale, begun, beginnings), strict=True):
        store.append_array(f"{name}.npy", array)
    for kind in (SENT, RECEIVED):
        store.drop(f"{kind}.{stretch}")


def array_files() -> dict[str, Any]:
    """Type of each array that :func:`keep_sides` writes, by its file."""
    kinds = {
        f"{side}.{name}.npy": kind
        for side in (*SIDES, *UNPRICED)
        for name, kind in {**BY_WALLET, **BY_PLACE}.items()
    }
    return kinds | {f"{name}.npy": kind for name, kind in SCALES.items()}


def _slices(store: Store, name: str, first: int, n_wallets: int) -> tuple[Slices, Slices]:
    """One side of some wallets: transfers with a value, and those of none or of no known one."""
    ends = store.read(name, END)
    without = ~(ends["amount"] > 0.0)
    priced = ends[~without] if without.any() else ends
    return _laid_out(priced, first, n_wallets), _laid_out(ends[without], first, n_wallets)


def _laid_out(ends: Any, first: int, n_wallets: int) -> Slices:
    """Slices of ends that are in order of row."""
    owner = ends["owner"] - np.int32(first)
    count = np.bincount(owner, minlength=n_wallets)
    start = np.cumsum(count) - count
    order = np.empty(owner.size, np.int64)
    order[dealt(owner, count)] = np.arange(owner.size)
    _sort_each(start, count, ends["time"].copy(), order)
    ends = ends[order]
    held = count.astype(np.int32)
    columns: tuple[Int64s, Int32s, Int32s, Float64s] = (
        ends["time"].copy(), ends["counterparty"].copy(), ends["row"].copy(), ends["amount"].copy()
    )  # fmt: skip
    return Slices(start, held, held.copy(), *columns, owner.size)


_FEW = 24  # that are quicker put in one by one


@kernel
def _sort_each(start: Int64s, count: Int64s, time: Int64s, order: Int64s) -> None:
    """Bring the places in ``order`` of each wallet, in order of row, into order of (time, row)."""
    for wallet in range(start.size):
        first, end = start[wallet], start[wallet] + count[wallet]
        if count[wallet] > _FEW:
            places = order[first:end].copy()
            order[first:end] = places[np.argsort(time[places], kind="mergesort")]
            continue
        for i in range(first + 1, end):
            place, at = order[i], i
            while at > first and time[order[at - 1]] > time[place]:
                order[at] = order[at - 1]
                at -= 1
            order[at] = place
