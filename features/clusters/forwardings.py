"""What wallets passed on of what they received: whole, soon, and to a known exchange."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from features.contracts.assets import NATIVE
from features.contracts.categories import CATEGORIES, category_place
from features.contracts.labels import Labels
from features.contracts.times import microseconds
from features.kernel import HOUR, Float64s, Int32s, Int64s
from features.ledger.side import NOTHING
from features.ledger.slices import Slices
from features.ledger.state import State

WINDOW = 12 * HOUR  # 3,200 blocks, in the paper
FEE = 0.01  # of the chain's own coin, that is kept at most; of a token all is passed on
MOST_TRANSFERS = 1_000  # of a side, the first, that are looked through; with more it is a service
EXCHANGE = "exchange"
NEVER = np.iinfo(np.int64).max
_EXCHANGE = CATEGORIES.index(EXCHANGE)


class _Moves(NamedTuple):
    """Transfers of one wallet on one side, in order of time, of any asset, above zero."""

    time: Int64s
    other: Int32s
    row: Int32s
    amount: Float64s
    asset: Int32s

    def first(self, n: int) -> "_Moves":
        """The first ``n``."""
        time, other, row, amount, asset = self
        return _Moves(time[:n], other[:n], row[:n], amount[:n], asset[:n])


class Forwarding(NamedTuple):
    """A payment into a deposit address that was passed on, and when both were to be seen."""

    known_at: int
    time: int
    row: int
    address: int
    sender: int


class Known(NamedTuple):
    """Since when wallets, by code, are known as anything, and from and until when as exchanges."""

    since: dict[int, int]
    exchange: dict[int, tuple[int, int]]


def known_wallets(ledger: State, labels: Labels) -> Known:
    """What labels say of the wallets of a ledger."""
    codes = ledger.codes(labels["wallet"]).tolist()
    since, until = microseconds(labels["known_at"]).tolist(), [NEVER] * len(labels)
    for row in np.flatnonzero(labels["until"].notna()).tolist():
        until[row] = int(labels["until"].iloc[row].value // 1000)
    is_exchange = [category_place(word) == _EXCHANGE for word in labels["category"]]
    first: dict[int, int] = {}
    exchange: dict[int, tuple[int, int]] = {}
    for code, begin, end, one in sorted(zip(codes, since, until, is_exchange, strict=True)):
        if code >= 0:
            first.setdefault(code, begin)
            if one:
                exchange.setdefault(code, (begin, end))
    return Known(first, exchange)


def receipts(ledger: State) -> tuple[Slices, ...]:
    """Sides of what is received."""
    return ledger.incoming, ledger.dust, ledger.unpriced.incoming


def moves(ledger: State, sides: tuple[Slices, ...], wallet: int) -> _Moves:
    """All transfers of a wallet on some sides of the ledger, but those of nothing."""
    log = NOTHING
    for slices in sides:
        if slices.start.size:
            count, first = int(slices.count[wallet]), int(slices.start[wallet])
            owner = np.full(count, wallet, dtype=np.int32)
            log = log.then(slices.log(owner, np.arange(first, first + count)))
    row, assets = log.row, ledger.assets
    amount = log.amount if assets.plain else assets.amount[row]
    asset = np.zeros(row.size, np.int32) if assets.plain else assets.code[row]
    order = np.lexsort((ledger.position[row], ledger.tx_hash[row], log.time))
    order = order[amount[order] > 0.0]
    return _Moves(log.time[order], log.counterparty[order], row[order], amount[order], asset[order])


def passed_on(
    ledger: State, known: Known, address: int
) -> tuple[list[tuple[int, int]], list[Forwarding]]:
    """When a wallet was seen to pay someone else than exchanges, and what it passed on to these.

    The times are ``[since, until)``, in order: until it was known that this was an exchange, too.
    """
    sent = moves(ledger, (ledger.outgoing, ledger.unpriced.outgoing), address)
    sent = sent.first(MOST_TRANSFERS)
    received = moves(ledger, receipts(ledger), address).first(MOST_TRANSFERS)
    told = [known.exchange.get(one, (NEVER, NEVER)) for one in sent.other.tolist()]
    times = sent.time.tolist()
    doubts = [(time, begin) for time, (begin, _) in zip(times, told, strict=True) if begin > time]
    passed = []
    for place, paid in _matched(received, sent, ledger.assets.kinds() == NATIVE):
        begin, end = told[place]
        seen = max(times[place], begin)
        if seen < end:
            row, sender = int(sent.row[place]), int(received.other[paid])
            passed.append(Forwarding(seen, times[place], row, address, sender))
    return doubts, passed


def undoubted(doubts: list[tuple[int, int]], instant: int) -> int:
    """The first instant, from one on, at which nothing speaks against a deposit address."""
    for since, until in doubts:
        if since <= instant < until:
            instant = until
    return instant


def _matched(
    received: _Moves, sent: _Moves, native: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
) -> Iterator[tuple[int, int]]:
    """Places of what was sent, and of what came shortly before and is passed on by it."""
    taken = np.zeros(received.time.size, dtype=np.bool_)
    for place in range(sent.time.size):
        time, amount, asset = sent.time[place], sent.amount[place], sent.asset[place]
        first, end = np.searchsorted(received.time, [time - WINDOW, time])
        kept = received.amount[first:end] - amount
        fits = (received.asset[first:end] == asset) & ~taken[first:end] & (kept >= 0.0)
        fits &= kept <= (FEE if native[asset] else 0.0)
        if fits.any():
            paid = int(first + np.flatnonzero(fits)[-1])
            taken[paid] = True
            yield place, paid
