"""Neighbourhood: the wallets one and two hops around a wallet, as of an instant.

A graph network reads it. Of each side of the wallet the counterparties of the most recent transfers
are taken, of each of them again, all at the same ``as_of``. Nothing is drawn at random and every
node reads at most ``TRANSFERS_READ`` transfers a side, so that a row is the same alone and in a
batch, in a grown ledger and in a rebuilt one, and has bounded cost on hubs.

The nodes of a row form a tree (a wallet found twice is two nodes), in which the wallet itself is
only the root. Nobody is taken behind a pseudo-wallet, unless it is the root. Numbers of a node and
of its link to the node above it are scale-free.
"""

import math
from typing import NamedTuple

import numpy as np

from features.kernel import Float64s, Int8s, Int32s, Int64s, Rows
from features.past import (
    PSEUDO,
    SECOND,
    History,
    Past,
    PastSide,
    ask,
    first_time,
    inner_kernel,
    kernel,
)
from features.view import blocks, places

TRANSFERS_READ = 64  # latest of each side of a node
TRANSFERS_PER_WALLET = 8  # latest looked at, for each wallet that is sought

_NODE_SIDE = (
    ("{d}_count", "all transfers before as_of, read or not"),
    ("{d}_recency_s", "from the latest to as_of"),
    ("{d}_gap_mean_s", "mean gap between those read"),
    ("{d}_fan_ratio", "different counterparties over transfers, of those read"),
    ("{d}_largest_share", "largest amount over the sum, of those read"),
    ("{d}_cv_ratio", "population standard deviation over mean of the amounts read"),
)
_NODE_BOTH = (
    ("age_s", "from the first transfer to as_of"),
    ("pass_through_ratio", "lesser over greater of the sums received and sent, of what is read"),
    ("mean_out_to_in_ratio", "mean amount sent over mean amount received, of what is read"),
)
_LINK = (
    ("count_share", "transfers with the node, over those of its parent's side looked at"),
    ("value_share", "their sum, over the sum of those"),
    ("recency_s", "from the latest of them to as_of"),
)
_OF, _ALL, _TO = places(*_NODE_SIDE), places(*_NODE_BOTH), places(*_LINK)

NODE_COLUMNS: tuple[str, ...] = (
    *(f"node_{name.format(d=d)}" for d in ("in", "out") for name, _ in _NODE_SIDE),
    *(f"node_{name}" for name, _ in _NODE_BOTH),
)
LINK_COLUMNS: tuple[str, ...] = tuple(f"link_{name}" for name, _ in _LINK)
NEIGHBOURHOOD_VERSION = 2


class Neighbourhoods(NamedTuple):
    """Trees of n rows with m nodes: first the n roots, then the first hop, then the second.

    Attributes
    ----------
    n_rows, n_inner
        Number of roots; of roots and first-hop nodes, the only ones that have children.
    row : int64 array, shape (m,), the spine row a node belongs to
    parent : int64 array, shape (m,), the node above; a root's is itself
    side : int8 array, shape (m,)
        0 where the node sent to its parent, 1 where it received from it, -1 for a root.
    code : int32 array, shape (m,), wallet codes
    values : float64 array, shape (m - n, columns)
        ``NODE_COLUMNS``, then ``LINK_COLUMNS``, of the nodes after the roots.
    """

    n_rows: int
    n_inner: int
    row: Int64s
    parent: Int64s
    side: Int8s
    code: Int32s
    values: Rows

    def take(self, rows: Int64s) -> "Neighbourhoods":
        """Trees of some rows only; ``rows`` ascends without repetition."""
        renumbered = np.full(self.n_rows, -1)
        renumbered[rows] = np.arange(rows.size)
        kept = np.flatnonzero(renumbered[self.row] >= 0)
        place = np.empty(self.row.size, dtype=np.int64)
        place[kept] = np.arange(kept.size)
        return Neighbourhoods(
            rows.size,
            int(np.searchsorted(kept, self.n_inner)),
            renumbered[self.row[kept]],
            place[self.parent[kept]],
            self.side[kept],
            self.code[kept],
            self.values[kept[rows.size :] - self.n_rows],
        )


def neighbourhoods(past: Past, *, first_fan: int, second_fan: int) -> Neighbourhoods:
    """Collect the neighbourhood of each wallet asked about.

    Parameters
    ----------
    past : Past
        An unknown wallet has a root and no neighbours. Only what comes before a row's instant is
        read, of every node.
    first_fan, second_fan : int
        Most wallets taken from each side of the root, and of each first-hop node; 0: none.

    Returns
    -------
    Neighbourhoods
    """
    n = past.size
    roots = np.arange(n, dtype=np.int64)
    row, parent, side = [roots], [roots], [np.full(n, -1, np.int8)]
    code, links = [past.wallets], list[Rows]()
    above = 0  # number of nodes before the latest hop
    for fan in (first_fan, second_fan):
        found = np.full((code[-1].size, 2, fan), -1, dtype=np.int32)
        link = np.empty((*found.shape, len(_LINK)))
        level = past.asking(code[-1], past.instants[row[-1]])
        _expand(level, past.wallets[row[-1]], found, link)
        at = np.nonzero(found >= 0)
        parent.append(at[0] + above)
        above += code[-1].size
        row.append(row[-1][at[0]])
        side.append(at[1].astype(np.int8))
        code.append(found[at])
        links.append(link[at])
    nodes = past.asking(np.concatenate(code[1:]), past.instants[np.concatenate(row[1:])])
    described = np.full((nodes.size, len(NODE_COLUMNS)), np.nan)
    _describe(nodes, described)
    return Neighbourhoods(
        n,
        above,
        np.concatenate(row),
        np.concatenate(parent),
        np.concatenate(side),
        np.concatenate(code),
        np.hstack([described, np.concatenate(links)]),
    )


@kernel
def _expand(past: Past, roots: Int32s, found: Int32s, links: Float64s) -> None:
    """Find the wallets next to each node asked about, the latest first.

    Parameters
    ----------
    past : Past
    roots : int32 array, shape (n,), codes of the nodes' roots
    found : int32 array, shape (n, 2, fan), codes to be filled; -1 at first
    links : float64 array, shape (n, 2, fan, len(_LINK)), to be filled beside them
    """
    kind = past.kind
    for node in range(roots.size):
        asked = ask(past, node)
        ends = asked.wallet, roots[node]
        if asked.wallet >= 0 and asked.wallet != roots[node] and kind[asked.wallet] == PSEUDO:
            continue
        _next_to(past.incoming, asked.received, ends, found[node, 0], links[node, 0])
        _next_to(past.outgoing, asked.sent, ends, found[node, 1], links[node, 1])


@inner_kernel
def _next_to(
    side: PastSide, history: History, ends: tuple[int, int], found: Int32s, links: Rows
) -> None:
    """Find the wallets next to one node on one side; the node and its root, ``ends``, are none."""
    counterparty, amounts, time, as_of = side.counterparty, side.amount, side.time, side.as_of[0]
    fan = found.size
    first, end = max(history.first, history.end - TRANSFERS_PER_WALLET * fan), history.end
    n, total = 0, 0.0
    for i in range(end - 1, first - 1, -1):
        other, amount = counterparty[i], amounts[i]
        total += amount
        if other == ends[0] or other == ends[1]:
            continue
        at = 0
        while at < n and found[at] != other:
            at += 1
        if at == fan:
            continue
        link = links[at]
        if at == n:
            found[n] = other
            link[_TO.count_share], link[_TO.value_share] = 0.0, 0.0
            link[_TO.recency_s] = (as_of - time[i]) / SECOND
            n += 1
        link[_TO.count_share] += 1.0
        link[_TO.value_share] += amount
    for at in range(n):
        link = links[at]
        link[_TO.count_share] /= end - first
        link[_TO.value_share] = link[_TO.value_share] / total if total > 0.0 else np.nan


@kernel
def _describe(past: Past, out: Rows) -> None:
    """Fill ``NODE_COLUMNS`` of each node asked about, all of which have a transfer."""
    for node in range(out.shape[0]):
        asked = ask(past, node)
        into, out_of, both = blocks(out[node], len(_OF))
        received, n_in = _describe_side(past.incoming, asked.received, into)
        sent, n_out = _describe_side(past.outgoing, asked.sent, out_of)
        oldest = first_time(past.incoming.time, past.outgoing.time, asked.received, asked.sent)
        both[_ALL.age_s] = (asked.as_of - oldest) / SECOND
        if max(received, sent) > 0.0:
            both[_ALL.pass_through_ratio] = min(received, sent) / max(received, sent)
        if received > 0.0 and n_out > 0:
            both[_ALL.mean_out_to_in_ratio] = (sent / n_out) / (received / n_in)


@inner_kernel
def _describe_side(side: PastSide, history: History, out: Float64s) -> tuple[float, int]:
    """Fill the columns of one side of a node; returns sum and number of what was read."""
    out[_OF.count] = history.total
    if history.total == 0:
        return 0.0, 0
    amounts, counterparty, time = side.amount, side.counterparty, side.time
    first, end = history.end - min(history.total, TRANSFERS_READ), history.end
    n = end - first
    total, squares, largest, fan = 0.0, 0.0, 0.0, 0
    for i in range(first, end):
        total += amounts[i]
        largest = max(largest, amounts[i])
        fan += _is_new(counterparty, first, i)
    for i in range(first, end):
        squares += (amounts[i] - total / n) ** 2
    out[_OF.recency_s] = (side.as_of[0] - time[end - 1]) / SECOND
    if n > 1:
        out[_OF.gap_mean_s] = (time[end - 1] - time[first]) / SECOND / (n - 1)
    out[_OF.fan_ratio] = fan / n
    if total > 0.0:
        out[_OF.largest_share] = largest / total
        out[_OF.cv_ratio] = math.sqrt(squares / n) / (total / n)
    return total, n


@inner_kernel
def _is_new(counterparty: Int32s, first: int, i: int) -> bool:
    """Whether none of the transfers ``[first, i)`` has the counterparty of transfer ``i``."""
    j = first
    while counterparty[j] != counterparty[i]:
        j += 1
    return j == i
