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
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.clusters.clusters import Clusters
from features.clusters.forwardings import (
    EXCHANGE,
    MOST_TRANSFERS,
    NEVER,
    Forwarding,
    Known,
    known_wallets,
    moves,
    passed_on,
    receipts,
    undoubted,
)
from features.clusters.spends import Spends
from features.contracts.labels import NONE, Labels, check_labels
from features.errors import ClustersError
from features.ledger.state import State

MOST_SENDERS = 10  # of an address, that are taken for one customer's
MOST_ADDRESSES = 10  # of a customer; who pays into more is a service itself
CONFIDENCE = 0.5
SOURCE, ORIGINAL = "deposit addresses", "deposit address"
PREFIX = "deposit:"  # of the ids of merges


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


class _Span(NamedTuple):
    """A deposit address, and since and until when it is known as one."""

    address: int
    since: int
    until: int


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
    known = known_wallets(ledger, check_labels(labels, chain=ledger.chain))
    found: list[_Span] = []
    forwardings: list[Forwarding] = []
    for address in _payers(ledger, known):
        doubts, passed = passed_on(ledger, known, address)
        seen = [one._replace(known_at=undoubted(doubts, one.known_at)) for one in passed]
        since = min((one.known_at for one in seen), default=NEVER)
        if since < known.since.get(address, NEVER):
            found += _spans(address, since, doubts)
            forwardings += [one for one in seen if one.known_at < NEVER]
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


def _payers(ledger: State, known: Known) -> list[int]:
    """Wallets that paid an exchange."""
    payers = [moves(ledger, receipts(ledger), code).other for code in known.exchange]
    distinct: list[int] = np.unique(np.concatenate([np.empty(0, np.int32), *payers])).tolist()
    return distinct


def _spans(address: int, since: int, doubts: list[tuple[int, int]]) -> list[_Span]:
    """When a wallet is known as a deposit address: from an undoubted instant on."""
    spans = []
    for begin, end in doubts:
        if begin > since:
            spans.append(_Span(address, since, begin))
        since = max(since, end)
    return spans if since == NEVER else [*spans, _Span(address, since, NEVER)]


def _labels(ledger: State, found: list[_Span]) -> Labels:
    since = [pd.Timestamp(span.since, unit="us", tz="UTC") for span in found]
    ends = [span.until for span in found]
    until = [pd.NaT if end == NEVER else pd.Timestamp(end, unit="us", tz="UTC") for end in ends]
    codes = np.array([span.address for span in found], dtype=np.int32)
    frame = pd.DataFrame(
        {
            "wallet": pd.Series(ledger.wallets.texts(codes), dtype="str"),
            "known_at": pd.Series(since, dtype="datetime64[us, UTC]"),
            "until": pd.Series(until, dtype="datetime64[us, UTC]"),
        }
    )
    said = frame.assign(
        label=NONE, category=EXCHANGE, original=ORIGINAL, source=SOURCE, confidence=CONFIDENCE
    )
    return check_labels(said.sort_values(["known_at", "wallet"], ignore_index=True))


def _merges(ledger: State, known: Known, forwardings: list[Forwarding]) -> tuple[list[str], Spends]:
    """Each further customer's wallet of an address with its first, in order of time."""
    order = ledger.order

    def turn(one: Forwarding) -> tuple[int, ...]:
        return one.known_at, one.time, int(order.tx_hash[one.row]), int(order.position[one.row])

    addresses: defaultdict[int, set[int]] = defaultdict(set)
    senders: defaultdict[int, list[int]] = defaultdict(list)
    made: list[tuple[Forwarding, int]] = []
    for one in sorted(forwardings, key=turn):
        of, paid_into = senders[one.address], addresses[one.sender]
        paid_into.add(one.address)
        labelled = known.since.get(one.sender, NEVER) <= one.known_at
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
