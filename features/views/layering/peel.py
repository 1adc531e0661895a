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

from features.kernel import Float64s, Int64s
from features.past import DAY, Past, PastSide, Question, ask, few_between, inner_kernel, kernel
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
    main, peel : int64 arrays, shape (hops,) and (peels,), rows of the log
    main_amount, peel_amount : float64 arrays of those shapes, whole units of the asset
    length : int64 array, shape (2,), how many of each are filled
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


class Split(NamedTuple):
    """How a wallet gave on what it received.

    Attributes
    ----------
    first, end : int, places of its sendings, among them such as are passed over
    main : int, place of the largest of them, the first of equal; -1 where it did not peel
    """

    first: int
    end: int
    main: int


class Peeled(NamedTuple):
    """What is told of the peel chain through a wallet.

    Attributes
    ----------
    hops : int, transfers along the chain; 0 where there is none
    position : int, those before the wallet
    share : float, value peeled off over the chain's first amount; nan where there is no chain
    cut_short : bool, whether a cap was met
    """

    hops: int
    position: int
    share: float
    cut_short: bool


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


@inner_kernel
def _hop(side: PastSide, place: int, wallet: int, sent: bool) -> Hop:
    """Transfer at a place of a wallet's outgoing side, if it ``sent`` it, or of its incoming."""
    other = side.counterparty[place] + 0  # a sum is an int64, where codes are int32
    sender, recipient = (wallet, other) if sent else (other, wallet)
    return Hop(sender, recipient, side.time[place], side.transfer[place] + 0, side.amount[place])


@inner_kernel
def _split(outgoing: PastSide, wallet: int, time: int, amount: float) -> Split:
    """How a wallet gave on an amount that it received at a time."""
    first, end = few_between(outgoing, wallet, time + 1, time + _DWELL + 1, PEEL_HUB)
    if end - first < 2:
        return Split(first, first, -1)
    counterparty, amounts = outgoing.counterparty, outgoing.amount
    total, largest, parts, stop, main = 0.0, 0.0, 0, first, -1
    for i in range(first, end):
        if parts == _PARTS:
            break
        part = amounts[i]
        if counterparty[i] == wallet or part == 0.0:
            continue
        if total + part > amount * _ROUNDING:
            break
        total += part
        if part > largest:
            main, largest = i, part
        parts += 1
        stop = i + 1
    if parts < 2 or total * _ROUNDING < _COVERED * amount or largest < _MAIN * amount:
        return Split(first, first, -1)
    return Split(first, stop, main)


@inner_kernel
def _previous(incoming: PastSide, outgoing: PastSide, hop: Hop) -> int:
    """Place of the latest transfer that ``hop`` continues, or -1."""
    wallet = hop.sender
    first, end = few_between(incoming, wallet, hop.time - _DWELL, hop.time, PEEL_HUB)
    if first == end:
        return -1
    time, counterparty, amount = incoming.time, incoming.counterparty, incoming.amount
    for i in range(end - 1, first - 1, -1):
        whole = amount[i]
        if counterparty[i] == wallet:
            continue
        if hop.amount > whole * _ROUNDING or hop.amount < _MAIN * whole:
            continue
        main = _split(outgoing, wallet, time[i], whole).main
        if main >= 0 and outgoing.transfer[main] == hop.row:
            return i
    return -1


@inner_kernel
def peel_chain(past: Past, asked: Question, path: Path) -> Peeled:
    """Follow the peel chain of the wallet's latest transfer that is part of one; fills ``path``."""
    incoming, outgoing = past.incoming, past.outgoing
    time_in, time_out = incoming.time, outgoing.time
    received, sent = asked.received, asked.sent
    i, j, tried = received.end - 1, sent.end - 1, 0
    path.length[0] = path.length[1] = 0
    while i >= received.first or j >= sent.first:
        # the latest first; of one instant sendings are the later
        came = j < sent.first or (i >= received.first and time_in[i] > time_out[j])
        if came:
            hop = _hop(incoming, i, asked.wallet, False)
            i -= 1
        else:
            hop = _hop(outgoing, j, asked.wallet, True)
            j -= 1
        if hop.sender == hop.recipient or hop.amount == 0.0:
            continue
        if tried == LATEST:
            return Peeled(0, 0, np.nan, True)
        tried += 1
        before_it, origin, cut_short = _origin(incoming, outgoing, hop)
        if before_it or _split(outgoing, hop.recipient, hop.time, hop.amount).main >= 0:
            hops, share, cut_ahead = _follow(outgoing, origin, before_it + PEEL_CAP, path)
            return Peeled(hops, before_it + came, share, cut_short or cut_ahead)
    return Peeled(0, 0, np.nan, False)


@inner_kernel
def _origin(incoming: PastSide, outgoing: PastSide, hop: Hop) -> tuple[int, Hop, bool]:
    """Number of hops before one, the first of them, and whether there were more."""
    n = 0
    while True:
        place = _previous(incoming, outgoing, hop)
        if place < 0 or n == PEEL_CAP:
            return n, hop, place >= 0
        hop = _hop(incoming, place, hop.sender, False)
        n += 1


@inner_kernel
def _follow(outgoing: PastSide, hop: Hop, further: int, path: Path) -> tuple[int, float, bool]:
    """Write the chain from ``hop`` on; returns its hops, the share peeled, and if it was cut."""
    counterparty, transfer, amount = outgoing.counterparty, outgoing.transfer, outgoing.amount
    main, main_amount, peel, peel_amount = (
        path.main, path.main_amount, path.peel, path.peel_amount,
    )  # fmt: skip
    whole, peeled, hops, peels = hop.amount, 0.0, 0, 0
    while True:
        main[hops], main_amount[hops] = hop.row, hop.amount
        hops += 1
        split = _split(outgoing, hop.recipient, hop.time, hop.amount)
        if split.main < 0 or hops > further:
            break
        for i in range(split.first, split.end):
            if i != split.main and amount[i] > 0.0 and counterparty[i] != hop.recipient:
                peel[peels], peel_amount[peels] = transfer[i], amount[i]
                peeled += amount[i]
                peels += 1
        hop = _hop(outgoing, split.main, hop.recipient, True)
    path.length[0], path.length[1] = hops, peels
    return hops, min(peeled / whole, 1.0), split.main >= 0


def peel_trails(past: Past, view: str) -> list[Trail]:
    """Prove the columns of a view that tell of :func:`peel_chain`: the chain, then the peels."""
    path = empty_path()
    hops, position, _, _ = peel_chain(past, ask(past, 0), path)
    peels = int(path.length[1])
    if hops == 0:
        return []
    along = ("peel_length_hops", "peel_position_hops") if position else ("peel_length_hops",)
    chain = tuple(f"{view}_{name}" for name in along)
    return [
        Trail(chain, path.main[:hops], path.main_amount[:hops]),
        Trail((f"{view}_peel_share",), path.peel[:peels], path.peel_amount[:peels]),
    ]
