"""Deposit addresses of exchanges, and whose they are, as far as was to be seen at each instant.

An exchange gives each customer an address to pay into, and forwards what comes there to a main
wallet: the same amount, less the fee. So a wallet that passes on what it received, whole and soon,
to a wallet that is known as an exchange's, is a deposit address; and wallets that paid into one are
one customer's (Victor, "Address clustering heuristics for Ethereum", FC 2020, section 4.1).

Nothing is known before it was to be seen: a deposit address from its first forwarding on, or from
when its exchange was known, but not once it paid anybody who is not known as an exchange, which no
deposit address does; its customers' wallets as one from the forwarding of the second's payment on.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.clusters.clusters import Clusters
from features.clusters.spends import Spends
from features.contracts.assets import NATIVE
from features.contracts.categories import CATEGORIES, category_place
from features.contracts.labels import NONE, Labels, check_labels
from features.contracts.times import microseconds
from features.errors import ClustersError
from features.kernel import HOUR, Float64s, Int32s, Int64s
from features.ledger.side import NOTHING
from features.ledger.slices import Slices
from features.ledger.state import State

WINDOW = 12 * HOUR  # 3,200 blocks, in the paper
FEE = 0.01  # of the chain's own coin, that is kept at most; of a token all is passed on
MOST_TRANSFERS = 1_000  # of a wallet: with more it is a service, and neither address nor customer
MOST_SENDERS = 10  # of an address, that are taken for one customer's
MOST_ADDRESSES = 10  # of a customer; who pays into more is a service itself
CONFIDENCE = 0.5
SOURCE, CATEGORY, ORIGINAL = "deposit addresses", "exchange", "deposit address"
PREFIX = "deposit:"  # of the ids of merges
_EXCHANGE = CATEGORIES.index(CATEGORY)
_NEVER = np.iinfo(np.int64).max


class Deposits(NamedTuple):
    """What was found.

    Attributes
    ----------
    labels : Labels
        Of deposit addresses: category exchange without a verdict.
    wallets : list of str
        Names of the codes of ``spends``.
    spends : Spends
        A merge of two customers' wallets each, for :meth:`features.clusters.Clusters.append`.
    """

    labels: Labels
    wallets: list[str]
    spends: Spends


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


class _Forwarding(NamedTuple):
    """A payment into a deposit address that was passed on, and when both were to be seen."""

    known_at: int
    time: int
    row: int
    address: int
    sender: int


class _Span(NamedTuple):
    """A deposit address, and since and until when it is known as one."""

    address: int
    since: int
    until: int


class _Known(NamedTuple):
    """Since when wallets, by code, are known as anything, and from and until when as exchanges."""

    since: dict[int, int]
    exchange: dict[int, tuple[int, int]]


def deposits(ledger: State, labels: pd.DataFrame) -> Deposits:
    """Find the deposit addresses of labelled exchanges.

    Parameters
    ----------
    ledger : State
    labels : DataFrame
        Meets the contract of :func:`features.check_labels`, which is applied. Exchanges are those
        of this category; no labelled wallet is taken for an address or a customer once it is known.

    Raises
    ------
    LabelsError
        The labels break their contract.
    """
    known = _known(ledger, check_labels(labels, chain=ledger.chain))
    found: list[_Span] = []
    forwardings: list[_Forwarding] = []
    for address in _payers(ledger, known):
        doubts, passed = _passed_on(ledger, known, address)
        seen = [one._replace(known_at=_undoubted(doubts, one.known_at)) for one in passed]
        since = min((one.known_at for one in seen), default=_NEVER)
        if since < known.since.get(address, _NEVER):
            found += _spans(address, since, doubts)
            forwardings += [one for one in seen if one.known_at < _NEVER]
    return Deposits(_labels(ledger, found), *_merges(ledger, known, forwardings))


def save_merges(found: Deposits, to: Path) -> Clusters:
    """Write the clusters of customers to a file, in place of such ones that are there.

    Raises
    ------
    ClustersError
        The file holds merges of another kind, or cannot be read or written.
    """
    if to.exists():
        ids = Clusters.open(to).spends.tx_id
        if not pc.all(pc.starts_with(ids, PREFIX)).as_py() and len(ids):
            raise ClustersError(f"{to} holds other merges than of customers; name another file")
    clusters = Clusters()
    clusters.append(found.wallets, found.spends)
    clusters.save(to)
    return clusters


def _known(ledger: State, labels: Labels) -> _Known:
    codes = ledger.codes(labels["wallet"]).tolist()
    since, until = microseconds(labels["known_at"]).tolist(), [_NEVER] * len(labels)
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
    return _Known(first, exchange)


def _payers(ledger: State, known: _Known) -> list[int]:
    """Wallets that paid an exchange."""
    payers = [_moves(ledger, _received(ledger), code).other for code in known.exchange]
    distinct: list[int] = np.unique(np.concatenate([np.empty(0, np.int32), *payers])).tolist()
    return distinct


def _received(ledger: State) -> tuple[Slices, ...]:
    return ledger.incoming, ledger.dust, ledger.unpriced.incoming


def _moves(ledger: State, sides: tuple[Slices, ...], wallet: int) -> _Moves:
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


def _passed_on(
    ledger: State, known: _Known, address: int
) -> tuple[list[tuple[int, int]], list[_Forwarding]]:
    """When a wallet was seen to pay someone else than exchanges, and what it passed on to these.

    The times are ``[since, until)``, in order: until it was known that this was an exchange, too.
    """
    sent = _moves(ledger, (ledger.outgoing, ledger.unpriced.outgoing), address)
    sent = sent.first(MOST_TRANSFERS)
    received = _moves(ledger, _received(ledger), address).first(MOST_TRANSFERS)
    told = [known.exchange.get(one, (_NEVER, _NEVER)) for one in sent.other.tolist()]
    times = sent.time.tolist()
    doubts = [(time, begin) for time, (begin, _) in zip(times, told, strict=True) if begin > time]
    passed = []
    for place, paid in _matched(received, sent, ledger.assets.kinds() == NATIVE):
        begin, end = told[place]
        seen = max(times[place], begin)
        if seen < end:
            row, sender = int(sent.row[place]), int(received.other[paid])
            passed.append(_Forwarding(seen, times[place], row, address, sender))
    return doubts, passed


def _undoubted(doubts: list[tuple[int, int]], instant: int) -> int:
    """The first instant, from one on, at which nothing speaks against a deposit address."""
    for since, until in doubts:
        if since <= instant < until:
            instant = until
    return instant


def _spans(address: int, since: int, doubts: list[tuple[int, int]]) -> list[_Span]:
    """When a wallet is known as a deposit address: from an undoubted instant on."""
    spans = []
    for begin, end in doubts:
        if begin > since:
            spans.append(_Span(address, since, begin))
        since = max(since, end)
    return spans if since == _NEVER else [*spans, _Span(address, since, _NEVER)]


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


def _labels(ledger: State, found: list[_Span]) -> Labels:
    since = [pd.Timestamp(span.since, unit="us", tz="UTC") for span in found]
    ends = [span.until for span in found]
    until = [pd.NaT if end == _NEVER else pd.Timestamp(end, unit="us", tz="UTC") for end in ends]
    codes = np.array([span.address for span in found], dtype=np.int32)
    frame = pd.DataFrame(
        {
            "wallet": pd.Series(ledger.wallets.texts(codes), dtype="str"),
            "known_at": pd.Series(since, dtype="datetime64[us, UTC]"),
            "until": pd.Series(until, dtype="datetime64[us, UTC]"),
        }
    )
    said = frame.assign(
        label=NONE, category=CATEGORY, original=ORIGINAL, source=SOURCE, confidence=CONFIDENCE
    )
    return check_labels(said.sort_values(["known_at", "wallet"], ignore_index=True))


def _merges(
    ledger: State, known: _Known, forwardings: list[_Forwarding]
) -> tuple[list[str], Spends]:
    """Each further customer's wallet of an address with its first, in order of time."""
    order = ledger.order

    def turn(one: _Forwarding) -> tuple[int, ...]:
        return one.known_at, one.time, int(order.tx_hash[one.row]), int(order.position[one.row])

    addresses: defaultdict[int, set[int]] = defaultdict(set)
    senders: defaultdict[int, list[int]] = defaultdict(list)
    made: list[tuple[_Forwarding, int]] = []
    for one in sorted(forwardings, key=turn):
        of, paid_into = senders[one.address], addresses[one.sender]
        paid_into.add(one.address)
        labelled = known.since.get(one.sender, _NEVER) <= one.known_at
        if labelled or one.sender in of or len(of) == MOST_SENDERS:
            continue
        if len(paid_into) > MOST_ADDRESSES or _is_service(ledger, one.sender, one.known_at):
            continue
        if of:
            made.append((one, of[0]))
        of.append(one.sender)
    codes, wallet = np.unique(
        np.array([(first, one.sender) for one, first in made], np.int32).reshape(-1),
        return_inverse=True,
    )
    ids = [f"{PREFIX}{ledger.tx_id(one.row)}:{order.position[one.row]}" for one, _ in made]
    spends = Spends(
        pa.array(ids, pa.large_string()),
        np.array([one.known_at for one, _ in made], np.int64),
        2 * np.arange(len(made) + 1, dtype=np.int64),
        wallet.astype(np.int32),
    )
    return ledger.wallets.texts(codes.astype(np.int32)), spends


def _is_service(ledger: State, wallet: int, instant: int) -> bool:
    """Whether a wallet had sent more than any customer, up to an instant."""
    first = int(ledger.outgoing.start[wallet])
    times = ledger.outgoing.time[first : first + int(ledger.outgoing.count[wallet])]
    return int(np.searchsorted(times, instant, side="right")) > MOST_TRANSFERS
