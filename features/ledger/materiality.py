"""Which receipts count: anyone can send a wallet dust, and dust must not say who the wallet is.

A wallet's **scale** is the mean of the positive transfers, received and sent, that counted so far.
A receipt is **dust** if it is below ``SHARE`` of that scale and all dust so far, this one included,
stays within ``BUDGET`` of the sum of what counted; it is kept apart, as long as the ledger lives.
Where all that counted before a transfer sums to less than ``BEGINS`` of it, the wallet's history
**begins** with it: what came in at earlier instants is dust from then on.

Why so. No amount is small by itself, in every asset and at every price: only beside what the wallet
moves. The scale is a mean of what counted, so dust cannot lower it, whatever its number; what the
wallet sends is its own act and always counts. The budget is what a criminal would have to beat:
payments hidden behind a few large ones are a tenth of them at most. ``BUDGET`` is a hundred times
``SHARE``, so that a hundred payments below the threshold never count. A receipt is judged by what
came before it, once, so that a feature still reads nothing but the past; a wallet that moved
nothing yet has no scale, and its first receipts count until money comes beside which they are dust.
``BEGINS`` is ten times smaller than ``SHARE``: people try a new wallet with a small payment, and
that tells something (on Ethereum it is worth 0.003 of PR-AUC after five transfers).

A transfer of amount 0 is nobody's sending nor receipt. It stands apart from all of this
(:class:`features.ledger.state.Unpriced`): not even its sender need have had a hand in it.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.kernel import Int8s, Int32s, Int64s, Records, inner_kernel, kernel
from features.ledger.side import NOTHING, Log, RowOrder, Side, Sides, grown, in_order
from features.ledger.slices import Slices

SHARE, BUDGET, BEGINS = 1e-3, 0.1, 1e-4
DEFINITION = (
    f"a receipt below {SHARE:g} of the mean of what the wallet moved before is dust while all dust "
    f"is within {BUDGET:g} of the sum moved; where all that was moved before sums to less than "
    f"{BEGINS:g} of a transfer the history begins with it: what came in before is dust from then on"
)
_COUNTS, _DUST, _OPENS = 0, 1, 2
_NEVER = np.iinfo(np.int64).min
Bools = npt.NDArray[np.bool_]
_MOST_BEGINNINGS = 256  # of a wallet: float64 spans 632 powers of ten, a beginning takes four
SCALE = np.dtype(
    [
        ("moved", np.float64),  # sum of what counts, since the history began
        ("dust", np.float64),  # sum of what does not, since then
        ("count", np.int32),  # positive transfers that count, since then
        ("received", np.int32),  # receipts that counted, ever
    ]
)
_PLACE = np.dtype([("owner", np.int32), ("place", np.int64)])
BEGINNING = np.dtype([("time", np.int64), ("former", np.int64)])


class Memory(NamedTuple):
    """The arrays of :class:`Scales`, and how much of what grows is used.

    Attributes
    ----------
    scale, begun, beginnings : as there
    n : int64 array, shape (3,)
        Beginnings used; receipts found misplaced on the incoming side, and among the dust.
    """

    scale: Records
    begun: Int32s
    beginnings: Records
    n: Int64s


class Misplaced(NamedTuple):
    """Receipts that belong to the other of their two sides: records of ``owner`` and ``place``."""

    incoming: Records
    dust: Records


@dataclass(slots=True)
class Scales:
    """What every wallet moved so far, and when its history began.

    Attributes
    ----------
    scale : records, shape (wallets,)
    begun : int32 array, shape (wallets,), place of the latest beginning, -1 where there is none
    beginnings : records, shape (room,)
        ``time`` of the transfer, microseconds since 1970 UTC; ``former``, the place of the same
        wallet's beginning before it, or -1.
    used : int, beginnings that are filled
    """

    scale: Records
    begun: Int32s
    beginnings: Records
    used: int

    @classmethod
    def empty(cls, n_wallets: int) -> "Scales":
        """Scales of wallets that moved nothing."""
        begun = np.full(n_wallets, -1, dtype=np.int32)
        return cls(np.zeros(n_wallets, SCALE), begun, np.zeros(0, BEGINNING), 0)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, room included."""
        return self.scale.nbytes + self.begun.nbytes + self.beginnings.nbytes

    def reserve_wallets(self, size: int) -> None:
        """Make room for ``size`` wallets."""
        had = self.begun.size
        if size > had:
            self.scale, self.begun = grown(self.scale, size), grown(self.begun, size)
            self.begun[had:] = -1

    def reserve_beginnings(self, more: int) -> None:
        """Make room for ``more`` beginnings."""
        if self.used + more > self.beginnings.size:
            self.beginnings = grown(self.beginnings, self.beginnings.size * 5 // 4 + more)


@inner_kernel
def _weigh(scale: Any, amount: float, received: bool) -> int:
    """Judge a transfer by what came before it, and put it among that."""
    if scale["moved"] < BEGINS * amount:
        scale["moved"], scale["dust"], scale["count"] = amount, 0.0, 1
        return _OPENS
    small = amount * scale["count"] < SHARE * scale["moved"]
    if received and small and scale["dust"] + amount <= BUDGET * scale["moved"]:
        scale["dust"] += amount
        return _DUST
    scale["moved"] += amount
    scale["count"] += 1
    return _COUNTS


@inner_kernel
def _take(memory: Memory, wallet: int, time: int, amount: float, received: bool) -> bool:
    """Judge one transfer of a wallet; whether it is dust."""
    own, beginnings, n = memory.scale[wallet], memory.beginnings, memory.n
    judged = _weigh(own, amount, received)
    if judged == _OPENS and own["received"]:
        at = n[0]
        beginnings[at]["time"], beginnings[at]["former"] = time, memory.begun[wallet]
        memory.begun[wallet] = at
        n[0] = at + 1
    own["received"] += received and judged != _DUST
    return bool(judged == _DUST)


@kernel
def _settle(
    sides: Sides, order: RowOrder, wallets: Int32s, first: int, memory: Memory, misplaced: Misplaced
) -> int:
    """Judge anew all transfers of wallets from ``first`` on, while there is room for beginnings.

    Adds to ``misplaced`` what is on the wrong side. Returns where it stopped.
    """
    incoming, outgoing, dust = sides
    material, immaterial, n = misplaced.incoming, misplaced.dust, memory.n
    for k in range(first, wallets.size):
        if n[0] + _MOST_BEGINNINGS > memory.beginnings.size:
            return k
        wallet = wallets[k]
        own = memory.scale[wallet]
        own["moved"], own["dust"], own["count"], own["received"] = 0.0, 0.0, 0, 0
        memory.begun[wallet] = -1
        i, j, d = incoming.start[wallet], outgoing.start[wallet], dust.start[wallet]
        end_in, end_out = i + incoming.count[wallet], j + outgoing.count[wallet]
        end_dust = d + dust.count[wallet]
        while i < end_in or j < end_out or d < end_dust:
            small = d < end_dust and (i == end_in or _comes_first(order, dust, d, incoming, i))
            receipts, place = (dust.time, d) if small else (incoming.time, i)
            none = i == end_in and d == end_dust
            if none or (j < end_out and outgoing.time[j] < receipts[place]):
                _take(memory, wallet, outgoing.time[j], outgoing.amount[j], False)
                j += 1
            elif small:
                if not _take(memory, wallet, dust.time[d], dust.amount[d], True):
                    immaterial[n[2]]["owner"], immaterial[n[2]]["place"] = wallet, d
                    n[2] += 1
                d += 1
            else:
                if _take(memory, wallet, incoming.time[i], incoming.amount[i], True):
                    material[n[1]]["owner"], material[n[1]]["place"] = wallet, i
                    n[1] += 1
                i += 1
    return wallets.size


@inner_kernel
def _comes_first(order: RowOrder, side: Side, place: int, other: Side, at: int) -> bool:
    """Whether the transfer at a place of a side comes before the one at a place of another."""
    time, instant = side.time[place], other.time[at]
    if time != instant:
        return bool(time < instant)
    return not in_order(other.transfer[at], side.transfer[place], order)


@kernel
def _judge(sides: Sides, log: Log, turn: Int64s, memory: Memory, dust: Int8s, late: Int8s) -> None:
    """Judge new transfers that are later than all that their wallets hold.

    Parameters
    ----------
    log : Log
        The transfers, ``owner`` being who received them.
    turn : int64 array, shape (transfers,), their order in the ledger
    dust, late : int8 array, shape (transfers,)
        Get 1 where a receipt is dust; and 1, or 2 more, where its recipient, or its sender, holds a
        transfer that is not earlier: of these nothing is judged here.
    """
    time, recipient, sender, amount = log.time, log.owner, log.counterparty, log.amount
    first = 0
    while first < turn.size:
        instant, end = time[turn[first]], first
        while end < turn.size and time[turn[end]] == instant:
            k = turn[end]
            if _latest(sides, recipient[k]) >= instant:
                late[k] += 1
            else:
                dust[k] = _take(memory, recipient[k], instant, amount[k], True)
            end += 1
        for at in range(first, end):  # at one instant receipts come first
            k = turn[at]
            if _latest(sides, sender[k]) >= instant:
                late[k] += 2
            else:
                _take(memory, sender[k], instant, amount[k], False)
        first = end


@inner_kernel
def _latest(sides: Sides, wallet: int) -> int:
    """Time of the latest transfer of a wallet."""
    latest = _NEVER
    for side in (sides.incoming, sides.outgoing, sides.dust):
        if side.count[wallet]:
            latest = max(latest, side.time[side.start[wallet] + side.count[wallet] - 1])
    return latest


def settle(sides: Sides, order: RowOrder, wallets: Int32s, scales: Scales) -> Misplaced:
    """Judge anew all transfers of some wallets; which receipts are on the wrong side."""
    incoming, dust = sides.incoming.count[wallets].sum(), sides.dust.count[wallets].sum()
    misplaced = Misplaced(np.empty(incoming, _PLACE), np.empty(dust, _PLACE))
    n, done = np.array([scales.used, 0, 0]), 0
    while done < wallets.size:
        scales.reserve_beginnings(_MOST_BEGINNINGS)
        memory = Memory(scales.scale, scales.begun, scales.beginnings, n)
        done = _settle(sides, order, wallets, done, memory, misplaced)
        scales.used = int(n[0])
    return Misplaced(misplaced.incoming[: n[1]], misplaced.dust[: n[2]])


def judge(sides: Sides, order: RowOrder, log: Log, scales: Scales) -> tuple[Bools, Int32s]:
    """Judge new transfers, before they are put into the sides.

    Returns
    -------
    dust : bool array, shape (transfers,), which of them are dust for their recipients
    late : int32 array, wallets that must be settled once the transfers are there
    """
    n = log.time.size
    turn = np.lexsort((order.position[log.row], order.tx_hash[log.row], log.time))
    dust, late = np.zeros((2, n), dtype=np.int8)
    scales.reserve_beginnings(2 * n)
    memory = Memory(scales.scale, scales.begun, scales.beginnings, np.array([scales.used, 0, 0]))
    _judge(sides, log, turn, memory, dust, late)
    scales.used = int(memory.n[0])
    ends = log.owner[late & 1 > 0], log.counterparty[late & 2 > 0]
    return dust > 0, np.unique(np.concatenate(ends))


def parted(received: Slices, outgoing: Slices, order: RowOrder) -> tuple[Slices, Slices, Scales]:
    """Part all that wallets received, laid out without slack: what counts, dust, and the scales."""
    n_wallets = received.start.size
    nothing = Slices.build(NOTHING, n_wallets)
    sides = Sides(received.side, outgoing.side, nothing.side)
    scales = Scales.empty(n_wallets)
    dust = settle(sides, order, np.arange(n_wallets, dtype=np.int32), scales).incoming
    scales.beginnings = scales.beginnings[: scales.used].copy()
    if not dust.size:
        return received, nothing, scales
    apart = Slices.build(received.log(dust["owner"], dust["place"]), n_wallets)
    kept = np.delete(np.arange(received.used), dust["place"])
    owner = np.repeat(np.arange(n_wallets, dtype=np.int32), received.count - apart.count)
    return Slices.build(received.log(owner, kept), n_wallets), apart, scales
