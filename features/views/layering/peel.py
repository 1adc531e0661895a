"""Peel chains: value that moves on while small parts are split off at every wallet.

In Bitcoin a peel chain is a series of transactions with two outputs, of which the larger one, the
change, is spent by the next (Meiklejohn et al. 2013; Kappos et al. 2022). Accounts have no change
outputs. Here a wallet peels a transfer that it received if its next sendings within ``_DWELL``, two
to four, together give on 0.9 to 1 of it and the largest at least half. The largest continues the
chain, the others are peels. As many sendings are taken as the transfer covers. Transfers of amount
0 and of a wallet to itself are passed over. A chain does not go on over more than ``PEEL_HUB``
sendings in the ``_DWELL`` after a receipt, nor back over more than ``PEEL_HUB`` receipts in the
``_DWELL`` before a sending, since chance finds fitting sums among many.

Each transfer has one continuation at most, so a chain is a path: it is followed back to its origin,
at every step to the latest receipt that the transfer continues, and from there to its end.
"""

from typing import NamedTuple

import numpy as np

from features.kernel import DAY, Float64s, Int64s, before, kernel
from features.ledger.slices import Side, Sides
from features.past.history import cut
from features.view import Trail

PEEL_CAP = 32  # hops each way; published chains are longer, and one path is cheap to follow
LATEST = 128  # transfers of the wallet that are tried
PEEL_HUB = 100
_DWELL, _PARTS, _COVERED, _MAIN = DAY, 4, 0.9, 0.5
_ROUNDING = 1.0 + 1e-9  # sums of decimal amounts miss what they should be by less than that


class Path(NamedTuple):
    """The transfers of a peel chain and the peels beside them, in the order of the ledger.

    Attributes
    ----------
    main, peel : int64 arrays, rows of the log
    main_amount, peel_amount : float64 arrays
    length : int64 array, shape (2,), how many of each
    """

    main: Int64s
    main_amount: Float64s
    peel: Int64s
    peel_amount: Float64s
    length: Int64s


class Hop(NamedTuple):
    """One transfer: its ends, its time, its row of the log and its amount."""

    sender: int
    recipient: int
    time: int
    row: int
    amount: float


@kernel
def empty_path() -> Path:
    """Working memory for :func:`peel_chain`."""
    hops = 2 * PEEL_CAP + 1
    return Path(
        np.empty(hops, dtype=np.int64),
        np.empty(hops),
        np.empty(hops * _PARTS, dtype=np.int64),
        np.empty(hops * _PARTS),
        np.zeros(2, dtype=np.int64),
    )


@kernel
def _hop(sender: int, recipient: int, side: Side, i: int) -> Hop:
    # a sum is an int64, where the ledger's codes are int32: one type of hop
    return Hop(sender + 0, recipient + 0, side.time[i], side.transfer[i] + 0, side.amount[i])


@kernel
def _onward(outgoing: Side, wallet: int, time: int, amount: float, as_of: int) -> tuple[int, int]:
    """First and end of the sendings that give on what a wallet received; 0, 0 where none do."""
    start = outgoing.start[wallet]
    end = start + outgoing.count[wallet]
    first = before(outgoing.time, start, end, time + 1)
    if end - first < 2 or outgoing.time[first + 1] > time + _DWELL:
        return 0, 0
    end = min(end, first + PEEL_HUB + 1)
    end = before(outgoing.time, first, end, min(time + _DWELL + 1, as_of))
    if end - first > PEEL_HUB:
        return 0, 0
    total, largest, parts, stop = 0.0, 0.0, 0, first
    for i in range(first, end):
        if parts == _PARTS:
            break
        part = outgoing.amount[i]
        if outgoing.counterparty[i] == wallet or part == 0.0:
            continue
        if total + part > amount * _ROUNDING:
            break
        total += part
        largest = max(largest, part)
        parts += 1
        stop = i + 1
    if parts < 2 or total * _ROUNDING < _COVERED * amount or largest < _MAIN * amount:
        return 0, 0
    return first, stop


@kernel
def _next(outgoing: Side, wallet: int, time: int, amount: float, as_of: int) -> int:
    """Place of the transfer that continues what a wallet received, the first of equal; or -1."""
    first, stop = _onward(outgoing, wallet, time, amount, as_of)
    main, largest = -1, 0.0
    for i in range(first, stop):
        part = outgoing.amount[i]
        if part > largest and outgoing.counterparty[i] != wallet:
            main, largest = i, part
    return main


@kernel
def _previous(sides: Sides, hop: Hop, as_of: int) -> int:
    """Place of the latest transfer that ``hop`` continues, or -1."""
    incoming, outgoing = sides.incoming, sides.outgoing
    _, end, n_all = cut(incoming, hop.sender, hop.time)
    first = end - n_all
    if end - first > PEEL_HUB and incoming.time[end - 1 - PEEL_HUB] >= hop.time - _DWELL:
        return -1
    for i in range(end - 1, first - 1, -1):
        if incoming.time[i] < hop.time - _DWELL:
            break
        whole = incoming.amount[i]
        if incoming.counterparty[i] == hop.sender:
            continue
        if hop.amount > whole * _ROUNDING or hop.amount < _MAIN * whole:
            continue
        at = _next(outgoing, hop.sender, incoming.time[i], whole, as_of)
        if at >= 0 and outgoing.transfer[at] == hop.row:
            return i
    return -1


@kernel
def peel_chain(sides: Sides, code: int, as_of: int, path: Path) -> tuple[int, int, float, bool]:
    """Follow the peel chain that the latest possible transfer of a wallet is part of.

    Returns
    -------
    hops : int, transfers along the chain; 0 where there is none
    position : int, those before the wallet
    share : float, value peeled off over the chain's first amount; nan where there is no chain
    cut_short : bool, whether a cap was met
    """
    incoming, outgoing = sides.incoming, sides.outgoing
    path.length[:] = 0
    first_in, end_in, _ = cut(incoming, code, as_of)
    first_out, end_out, _ = cut(outgoing, code, as_of)
    i, j, tried = end_in - 1, end_out - 1, 0
    while i >= first_in or j >= first_out:
        # the latest first; of one instant sendings are the later
        received = j < first_out or (i >= first_in and incoming.time[i] > outgoing.time[j])
        if received:
            hop = _hop(incoming.counterparty[i], code, incoming, i)
            i -= 1
        else:
            hop = _hop(code, outgoing.counterparty[j], outgoing, j)
            j -= 1
        if hop.sender == hop.recipient or hop.amount == 0.0:
            continue
        if tried == LATEST:
            return 0, 0, np.nan, True
        tried += 1
        if (
            _next(outgoing, hop.recipient, hop.time, hop.amount, as_of) >= 0
            or _previous(sides, hop, as_of) >= 0
        ):
            before_it, origin, cut_short = _origin(sides, hop, as_of)
            hops, share, cut_ahead = _follow(sides, origin, before_it + PEEL_CAP, as_of, path)
            return hops, before_it + received, share, cut_short or cut_ahead
    return 0, 0, np.nan, False


@kernel
def _origin(sides: Sides, hop: Hop, as_of: int) -> tuple[int, Hop, bool]:
    """Number of hops before one, the first of them, and whether there were more."""
    incoming = sides.incoming
    n = 0
    place = _previous(sides, hop, as_of)
    while place >= 0 and n < PEEL_CAP:
        hop = _hop(incoming.counterparty[place], hop.sender, incoming, place)
        place = _previous(sides, hop, as_of)
        n += 1
    return n, hop, place >= 0


@kernel
def _follow(
    sides: Sides, hop: Hop, further: int, as_of: int, path: Path
) -> tuple[int, float, bool]:
    """Write the chain from ``hop`` on; returns its hops, the share peeled, and if it was cut."""
    outgoing = sides.outgoing
    whole, peeled, hops, peels = hop.amount, 0.0, 1, 0
    path.main[0], path.main_amount[0] = hop.row, hop.amount
    main = _next(outgoing, hop.recipient, hop.time, hop.amount, as_of)
    while main >= 0 and hops <= further:
        first, stop = _onward(outgoing, hop.recipient, hop.time, hop.amount, as_of)
        for i in range(first, stop):
            part = outgoing.amount[i]
            if i != main and part > 0.0 and outgoing.counterparty[i] != hop.recipient:
                path.peel[peels], path.peel_amount[peels] = outgoing.transfer[i], part
                peeled += part
                peels += 1
        hop = _hop(hop.recipient, outgoing.counterparty[main], outgoing, main)
        path.main[hops], path.main_amount[hops] = hop.row, hop.amount
        hops += 1
        main = _next(outgoing, hop.recipient, hop.time, hop.amount, as_of)
    path.length[0], path.length[1] = hops, peels
    return hops, min(peeled / whole, 1.0), main >= 0


def peel_trails(view: str, sides: Sides, code: int, as_of: int) -> list[Trail]:
    """Prove the columns of a view that tell of :func:`peel_chain`: the chain, then the peels."""
    path = empty_path()
    hops, position, _, _ = peel_chain(sides, code, as_of, path)
    peels = int(path.length[1])
    if hops == 0:
        return []
    along = ("peel_length_hops", "peel_position_hops") if position else ("peel_length_hops",)
    chain = tuple(f"{view}_{name}" for name in along)
    return [
        Trail(chain, path.main[:hops], path.main_amount[:hops]),
        Trail((f"{view}_peel_share",), path.peel[:peels], path.peel_amount[:peels]),
    ]
