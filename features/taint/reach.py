"""Whether money came from a labelled wallet, or went to one, at all: along any path in time.

Not how much of it: mixing with other money does not end the search. Wallets are followed hop by
hop, each up to the latest instant at which it was seen to send on (from the earliest at which it
received, for what was sent); one that is reached again and better, later in the search, is followed
for the rest. A path carries as much as the smallest of its transfers, and those of less than
``floor`` of the side's sum carry nothing. Of each number of hops the ``width`` wallets whose paths
carry most are followed (ties: the one discovered first, the latest transfer of a wallet first).

A path ends at a labelled wallet, at the wallet the search is for, at a pseudo-wallet, and at one
that behaves like a service, but inside one transaction. Nor do transfers of a wallet of which it
gave, or got, most back in their transaction continue another path than one of that transaction: a
pool or a router of a swap ties nobody to the others who use it, and what a wallet swapped is its
own, which it had before.
"""

from typing import NamedTuple

import numpy as np

from features.kernel import Int32s, Records, before, empty_table, inner_kernel, slot_of, table_mask
from features.past import (
    PSEUDO,
    History,
    PastSide,
    Question,
    TracedPast,
    earlier,
    event_at,
    ever_labelled,
    later,
    verdict_at,
)
from features.past.transactions import mostly_settled
from features.taint.pieces import GROUPS
from features.taint.service import Met, is_service, nobody_met

NEVER = np.iinfo(np.int64).min + 1
SCANNED = 4  # times as many transfers are looked at as are followed


class ReachCaps(NamedTuple):
    """Bounds of the search.

    Attributes
    ----------
    width : int
        Wallets followed of each number of hops.
    read : int
        Transfers of a wallet that are followed.
    hops : int
        Largest number of transfers between the wallet and a labelled one.
    floor : float
        Transfers of less than this part of the side's sum carry nothing.
    service : int
        Counterparties that make a service, see :mod:`features.taint.service`.
    """

    width: int
    read: int
    hops: int
    floor: float
    service: int


_NODE = np.dtype(
    [
        ("value", np.float64),  # what the path carries
        ("time", np.int64),  # of the transfer to or from it
        ("since", np.int64),  # up to which, or from which on, it was followed before
        ("place", np.int64),  # of that transfer
        ("wallet", np.int32),
        ("parent", np.int32),  # the node before it, -1 for the wallet's own transfers
        ("service", np.bool_),  # the wallet is like one
        ("settled", np.bool_),  # most of the transfer was settled inside its transaction
    ],
    align=True,
)
_BEST = np.dtype(
    [
        ("value", np.float64),
        ("place", np.int64),
        ("event", np.int64),  # the label event of the wallet that was reached
        ("parent", np.int32),
        ("hops", np.int32),
    ],
    align=True,
)
_TALLY = np.dtype(
    [
        ("least", np.float64),  # smaller transfers carry nothing
        ("service", np.int64),  # least hops to a wallet like a service, 0: to none
        ("first", np.int64),  # of the nodes of the hops that are filled
        ("end", np.int64),
        ("cut", np.bool_),  # whether a cap left something out
    ],
    align=True,
)


class Reach(NamedTuple):
    """A search on one side.

    Attributes
    ----------
    caps : ReachCaps
    nodes : record array, shape (width * hops,)
        Wallets that are followed, by hops.
    best : record array, shape (groups,)
        The path of least hops to each of ``GROUPS``, of those the one that carries most; ``hops``
        is 0 where there is none.
    tally : record array, shape (1,)
    table, code : int32 arrays
        Which node is the latest of a wallet, see :func:`features.kernel.slot_of`.
    met : Met
    """

    caps: ReachCaps
    nodes: Records
    best: Records
    tally: Records
    table: Int32s
    code: Int32s
    met: Met


def empty_reach(caps: ReachCaps) -> Reach:
    """Working memory for one side."""
    size = caps.width * caps.hops
    return Reach(
        caps,
        np.empty(size, dtype=_NODE),
        np.empty(len(GROUPS), dtype=_BEST),
        np.zeros(1, dtype=_TALLY),
        empty_table(table_mask(2 * size) + 1),
        np.empty(size, dtype=np.int32),
        nobody_met(caps.service),
    )


class Node(NamedTuple):
    """A wallet to follow: fields of ``Reach.nodes``."""

    value: float
    time: int
    since: int
    place: int
    wallet: int
    parent: int


@inner_kernel
def _keep(nodes: Records, tally: Records, width: int, forward: bool, new: Node) -> None:
    """Put a wallet where it belongs among those of its hops, or drop the one that carries least."""
    sums = tally[0]
    first, end = sums.first, sums.end
    for k in range(first, end):
        if nodes[k].wallet == new.wallet:
            if new.time >= nodes[k].time if forward else new.time <= nodes[k].time:
                return
            for j in range(k, end - 1):
                nodes[j] = nodes[j + 1]
            end -= 1
            break
    if end - first == width:
        sums.cut = True
        if new.value <= nodes[end - 1].value:
            sums.end = end
            return
        end -= 1
    at = end
    while at > first and nodes[at - 1].value < new.value:
        nodes[at] = nodes[at - 1]
        at -= 1
    kept = nodes[at]
    kept.value, kept.time, kept.since = new.value, new.time, new.since
    kept.place, kept.wallet, kept.parent = new.place, new.wallet, new.parent
    sums.end = end + 1


@inner_kernel
def _end(best: Records, group: int, event: int, node: Node, hops: int) -> None:
    """Count a path to a labelled wallet of a group."""
    held = best[group]
    if held.hops == 0 or (held.hops == hops and held.value < node.value):
        held.value, held.place, held.parent, held.hops = node.value, node.place, node.parent, hops
        held.event = event


@inner_kernel
def _found(given: TracedPast, reach: Reach, own: int, forward: bool, hops: int, node: Node) -> None:
    """Take in a wallet that was reached: labelled, followed already, or to be followed."""
    labels, wallet = given.past.labels, node.wallet
    if wallet == own:
        return
    event = event_at(labels, wallet) if ever_labelled(labels.start, wallet) else -1
    if event >= 0:
        verdict = verdict_at(labels, event)
        if verdict >= 0:
            _end(reach.best, verdict, event, node, hops)
        _end(reach.best, 2 + labels.category[event], event, node, hops)
        return
    if given.past.kind[wallet] == PSEUDO:
        return
    if hops == reach.caps.hops:
        reach.tally[0].cut = True
        return
    mask = table_mask(2 * reach.code.size)
    latest = reach.table[slot_of(reach.table, reach.code, mask, wallet)] - 1
    since = NEVER if not forward else -NEVER
    if latest >= 0:
        since = reach.nodes[latest].time
        if node.time >= since if forward else node.time <= since:
            return
    kept = Node(node.value, node.time, since, node.place, wallet, node.parent)
    _keep(reach.nodes, reach.tally, reach.caps.width, forward, kept)


@inner_kernel
def _range(side: PastSide, node: Node, forward: bool) -> History:
    """Transfers of a wallet that may continue a path, which were not followed before."""
    if not forward:
        own = earlier(side, node.wallet, node.time + 1)
        first = own.first
        if node.since != NEVER:
            first = before(side.time, own.first, own.end, node.since + 1)
        return History(first, own.end, own.end - first)
    start = earlier(side, node.wallet, node.time).end
    own = later(side, node.wallet, start)
    end = own.end
    if node.since != -NEVER:
        end = before(side.time, own.first, own.end, node.since)
    return History(own.first, end, end - own.first)


@inner_kernel
def _same_transaction(given: TracedPast, side: PastSide, place: int, node: Node) -> bool:
    """Whether a transfer is of the transaction that led to a node."""
    if side.time[place] != node.time:  # rows of the log are far away in memory
        return False
    row, tx_hash = side.transfer, given.tx_hash
    return bool(tx_hash[row[place]] == tx_hash[row[node.place]])


@inner_kernel
def _follow(given: TracedPast, reach: Reach, own: int, forward: bool, at: int, hops: int) -> None:
    """Follow the node at a place by one hop."""
    side = given.past.outgoing if forward else given.past.incoming
    time, counterparty, amount, row = side.time, side.counterparty, side.amount, side.transfer
    kept, sums, caps = reach.nodes[at], reach.tally[0], reach.caps
    node = Node(kept.value, kept.time, kept.since, kept.place, kept.wallet, kept.parent)
    inside = kept.service or kept.settled
    part = _range(side, node, forward)
    step, place = (1, part.first) if forward else (-1, part.end - 1)
    read = 0
    for k in range(part.end - part.first):
        if inside and time[place] != node.time:
            break
        if read == caps.read or k == SCANNED * caps.read:
            sums.cut = True
            break
        carried = amount[place] >= sums.least and amount[place] > 0.0
        if carried and not _same_transaction(given, side, place, node):
            carried = not inside and not mostly_settled(
                given, node.wallet, time[place], row[place], not forward
            )
        if carried:
            read += 1
            value, other = min(node.value, amount[place]), counterparty[place]
            if other != node.wallet:
                new = Node(value, time[place], 0, place, other, at)
                _found(given, reach, own, forward, hops, new)
        place += step


@inner_kernel
def _look(given: TracedPast, reach: Reach, at: int, forward: bool, hops: int) -> None:
    """Say of a node whether its path goes on inside one transaction alone."""
    side = given.past.outgoing if forward else given.past.incoming
    node, sums = reach.nodes[at], reach.tally[0]
    wallet, time = node.wallet + 0, node.time + 0  # a sum is an int64, where codes are int32
    node.service = is_service(side, wallet, time + (0 if forward else 1), reach.met)
    if node.service and sums.service == 0:
        sums.service = hops
    node.settled = mostly_settled(given, wallet, time, side.transfer[node.place], forward)


@inner_kernel
def _begin(given: TracedPast, asked: Question, forward: bool, reach: Reach) -> None:
    """Forget the last search; start from the wallet's own transfers, the latest first."""
    side = given.past.outgoing if forward else given.past.incoming
    own = asked.sent if forward else asked.received
    sums, table = reach.tally[0], reach.table
    for slot in range(table_mask(2 * reach.code.size) + 1):
        table[slot] = 0
    for group in range(reach.best.size):
        reach.best[group].hops = 0
    total = 0.0
    for place in range(own.first, own.end):
        total += side.amount[place]
    sums.least, sums.service = reach.caps.floor * total, 0
    sums.cut = own.total > own.end - own.first
    sums.first = sums.end = 0
    for place in range(own.end - 1, own.first - 1, -1):
        amount = side.amount[place]
        if amount > 0.0:  # a transfer of the wallet's own counts, however small
            new = Node(amount, side.time[place], 0, place, side.counterparty[place], -1)
            if amount >= sums.least or ever_labelled(given.past.labels.start, new.wallet):
                _found(given, reach, asked.wallet, forward, 1, new)


@inner_kernel
def reach_search(given: TracedPast, asked: Question, forward: bool, reach: Reach) -> None:
    """Find the labelled wallets that any path reaches, fill ``best`` and the tally."""
    _begin(given, asked, forward, reach)
    sums, mask = reach.tally[0], table_mask(2 * reach.code.size)
    first, end = 0, sums.end
    for hops in range(2, reach.caps.hops + 1):
        if first == end:
            break
        for at in range(first, end):
            _look(given, reach, at, forward, hops - 1)
            wallet = reach.nodes[at].wallet
            reach.code[at] = wallet
            if not reach.nodes[at].settled:  # else others may go on from it
                reach.table[slot_of(reach.table, reach.code, mask, wallet)] = at + 1
        sums.first = sums.end = end
        for at in range(first, end):
            _follow(given, reach, asked.wallet, forward, at, hops)
        first, end = end, sums.end
