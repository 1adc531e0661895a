"""Subgraphs: transfers around a wallet, hop by hop, as of an instant; what graph networks read.

From the wallet one goes to those it dealt with, and from each of them on, along single transfers:
two transfers with one counterparty are two edges. All is read as of the row's own instant, also
behind neighbours. Rows share nothing, so that one is the same alone and in a batch, in a grown
ledger and in a rebuilt one; every node reads a bounded number of transfers, so that hubs cost what
others do. Nobody is taken behind a pseudo-wallet, unless it is the wallet asked about, which is no
neighbour of its neighbours.
"""

from typing import Literal, NamedTuple

import numpy as np

from features.errors import RiskError
from features.kernel import Int8s, Int32s, Int64s, Rows
from features.ledger.assets import Assets
from features.past import (
    PSEUDO,
    Cuts,
    Past,
    Question,
    ask_cut,
    cut_each,
    inner_kernel,
    kernel,
    prefetch_last,
)
from features.subgraphs.choice import Chosen, Draw, choose
from features.subgraphs.edges import (
    AHEAD,
    EDGE_COLUMNS,
    Received,
    describe,
    sum_read,
    tell_assets,
    tell_senders,
)

SUBGRAPH_VERSION = 4


class Subgraphs(NamedTuple):
    """What lies around n rows: m wallets and e transfers.

    Attributes
    ----------
    n_rows : int
    hops : int64 array, shape (hops + 2,)
        First node of each hop, and m: hop h is nodes ``[hops[h], hops[h + 1])``, and hop 0 the
        rows' own wallets in their order. A wallet that two nodes lead to is two nodes.
    row : int64 array, shape (m,), the row a node belongs to, ascending in a hop
    code : int32 array, shape (m,), wallet codes; -1 for an unknown one, at hop 0
    child, parent : int64 array, shape (e,)
        A transfer joins a node of hop h + 1 to its parent of hop h; sorted by parent.
    side : int8 array, shape (e,), 0 where the child sent it to the parent, 1 where it received it
    transfer : int64 array, shape (e,), row in the ledger's log
    values : float64 array, shape (e, columns), ``EDGE_COLUMNS``; nan where one is not defined
    """

    n_rows: int
    hops: Int64s
    row: Int64s
    code: Int32s
    child: Int64s
    parent: Int64s
    side: Int8s
    transfer: Int64s
    values: Rows

    def take(self, rows: Int64s) -> "Subgraphs":
        """Those of some rows only; ``rows`` ascends without repetition."""
        number = np.full(self.n_rows, -1)
        number[rows] = np.arange(rows.size)
        nodes = np.flatnonzero(number[self.row] >= 0)
        place = np.full(self.row.size, -1)
        place[nodes] = np.arange(nodes.size)
        edges = np.flatnonzero(place[self.parent] >= 0)
        return self._replace(
            n_rows=rows.size, hops=np.searchsorted(nodes, self.hops).astype(np.int64),
            row=number[self.row[nodes]], code=self.code[nodes], child=place[self.child[edges]],
            parent=place[self.parent[edges]], side=self.side[edges],
            transfer=self.transfer[edges], values=self.values[edges],
        )  # fmt: skip


class _Nodes(NamedTuple):
    """Wallets of one hop."""

    code: Int32s
    above: Int64s  # the parent of each, as a place in its hop

    @classmethod
    def room(cls, size: int) -> "_Nodes":
        return cls(np.empty(size, np.int32), np.empty(size, np.int64))


class _Edges(NamedTuple):
    """Transfers, as :class:`Subgraphs` has them."""

    child: Int64s
    parent: Int64s
    side: Int8s
    transfer: Int64s
    values: Rows

    @classmethod
    def room(cls, size: int) -> "_Edges":
        child, parent, transfer = (np.empty(size, np.int64) for _ in range(3))
        values = np.empty((size, len(EDGE_COLUMNS)))
        return cls(child, parent, np.empty(size, np.int8), transfer, values)

    def with_room(self, room: int) -> "_Edges":
        """These, and room behind them, so that the last hop, by far the most, stays put."""
        n, (child, parent, side, transfer, values) = self.child.size, self
        whole = _Edges.room(n + room)
        whole.child[:n], whole.parent[:n], whole.side[:n] = child, parent, side
        whole.transfer[:n], whole.values[:n] = transfer, values
        return whole

    def part(self, some: slice) -> "_Edges":
        """Some that follow each other."""
        child, parent, side, transfer, values = self
        return _Edges(child[some], parent[some], side[some], transfer[some], values[some])


def subgraphs(
    past: Past,
    assets: Assets,
    *,
    fan_out: tuple[int, ...],
    draw: Literal["latest", "recent"] = "latest",
    seed: int = 0,
) -> Subgraphs:
    """Sample what lies around each wallet asked about.

    Parameters
    ----------
    past : Past
        An unknown wallet has no neighbours.
    assets : Assets
        Of the ledger that the past is of.
    fan_out : tuple of int
        Most transfers taken of a node of hop 0, 1, ..., of both sides together: half of them of
        each, and what one side lacks of the other. Empty: the wallets alone.
    draw : {"latest", "recent"}
        The latest transfers and the largest of the latest in turns, or some drawn with more weight
        on the recent ones, see :mod:`features.subgraphs.choice`.
    seed : int
        Of the draw; the latest are the latest with any.

    Returns
    -------
    Subgraphs

    Raises
    ------
    RiskError
        A fan-out is below 1, the draw is none of the two, or the seed is negative.
    """
    if min(fan_out, default=1) < 1 or draw not in {"latest", "recent"} or seed < 0:
        raise RiskError(
            "fan_out holds numbers of at least 1, draw is latest or recent and seed is not "
            f"negative; received {fan_out}, {draw!r}, {seed}"
        )
    how = Draw(draw == "latest", seed)
    row, code, hops = [np.arange(past.size, dtype=np.int64)], [past.wallets], [0, past.size]
    edges = _Edges.room(0)
    for fan in fan_out:
        level = past.asking(code[-1], past.instants[row[-1]])
        most, roots, former = level.size * fan, past.wallets[row[-1]], edges.child.size
        nodes, edges = _Nodes.room(most), edges.with_room(most)
        sides, bases = (Chosen.room(fan), Chosen.room(fan)), (hops[-2], hops[-1])
        behind = edges.part(slice(former, None))
        n, e = _expand(level, roots, bases, how, sides, nodes, behind)
        edges = edges.part(slice(former + e))
        row.append(row[-1][nodes.above[:n]])
        code.append(nodes.code[:n])
        hops.append(hops[-1] + n)
    tell_assets(assets, edges.transfer, edges.values)
    return Subgraphs(
        past.size, np.array(hops, np.int64), np.concatenate(row), np.concatenate(code), *edges
    )


@kernel
def _expand(
    past: Past,
    roots: Int32s,
    bases: tuple[int, int],
    draw: Draw,
    sides: tuple[Chosen, Chosen],
    nodes: _Nodes,
    edges: _Edges,
) -> tuple[int, int]:
    """Find the wallets next to each node asked about; returns how many, and by how many transfers.

    Parameters
    ----------
    past : Past
    roots : int32 array, shape (n,), codes of the nodes' roots
    bases : tuple of int
        Numbers of the first of these nodes, which are the roots themselves if it is 0, and of the
        first one next to them.
    draw : Draw
    sides : tuple of Chosen
        Room for as many transfers of each side as are taken of a node.
    nodes, edges
        To be filled, from the front.
    """
    (received, sent), size = sides, roots.size
    fan = received.place.size
    cuts_in = Cuts(np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64))
    cuts_out = Cuts(np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64))
    cut_each(past.incoming, past.wallets, past.instants, cuts_in)
    cut_each(past.outgoing, past.wallets, past.instants, cuts_out)
    most = size * fan
    got = Received(np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64))
    n, e, n_got = 0, 0, 0
    for node in range(size):
        if node + AHEAD < size:
            prefetch_last(past.incoming, cuts_in, node + AHEAD)
            prefetch_last(past.outgoing, cuts_out, node + AHEAD)
        asked = ask_cut(past, node, cuts_in, cuts_out)
        wallet = asked.wallet
        if wallet < 0 or (bases[0] > 0 and past.kind[wallet] == PSEUDO):
            continue
        n_in, n_out = _choose_both(past, asked, (wallet, roots[node] + 0), draw, sides)
        first = n
        for is_sent in range(2):
            chosen, taken = (sent, n_out) if is_sent else (received, n_in)
            side = past.outgoing if is_sent else past.incoming
            history = asked.sent if is_sent else asked.received
            read = sum_read(side, history) if taken else (0.0, 0)
            for at in range(taken):
                place = chosen.place[at]
                child = _child(nodes.code, first, n, side.counterparty[place])
                if child == n:
                    nodes.code[n], nodes.above[n] = side.counterparty[place], node
                    n += 1
                edges.child[e], edges.parent[e] = bases[1] + child, bases[0] + node
                edges.side[e], edges.transfer[e] = is_sent, side.transfer[place]
                describe(past, is_sent == 1, history, place, read, edges.values[e])
                if not is_sent:
                    got.edge[n_got], got.place[n_got], got.instant[n_got] = e, place, asked.as_of
                    n_got += 1
                e += 1
    if bases[0] == 0:
        tell_senders(past, got, n_got, edges.values)
    return n, e


@inner_kernel
def _choose_both(
    past: Past,
    asked: Question,
    ends: tuple[int, int],
    draw: Draw,
    sides: tuple[Chosen, Chosen],
) -> tuple[int, int]:
    """Choose half of what there is room for from each side, and what one lacks from the other."""
    (received, sent), fan = sides, sides[0].place.size
    n_in = choose(past.incoming, asked.received, ends, draw, fan // 2, received)
    n_out = choose(past.outgoing, asked.sent, ends, draw, fan - n_in, sent)
    if n_in == fan // 2 and n_in + n_out < fan:
        n_in = choose(past.incoming, asked.received, ends, draw, fan - n_out, received)
    return n_in, n_out


@inner_kernel
def _child(codes: Int32s, first: int, end: int, code: int) -> int:
    """Place of a wallet among the children ``[first, end)`` of a node; ``end`` if it is none."""
    at = first
    while at < end and codes[at] != code:
        at += 1
    return at
