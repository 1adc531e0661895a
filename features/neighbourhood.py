"""Neighbourhood: the wallets one and two hops around a wallet, as of an instant.

A graph network reads it. Of each side of the wallet the counterparties of the most recent transfers
are taken, of each of them again, all at the same ``as_of``. Nothing is drawn at random and every
node reads at most ``_READ`` transfers a side, so that a row is the same alone and in a batch, in a
grown ledger and in a rebuilt one, and has bounded cost on hubs.

The nodes of a row form a tree (a wallet found twice is two nodes), in which the wallet itself is
only the root. Numbers of a node and of its link to the node above it are scale-free.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from features.kernel import Float64s, Int32s, Int64s, Rows, kernel
from features.ledger.slices import Side, Sides
from features.past.history import cut

Int8s = npt.NDArray[np.int8]

_READ, _SPAN = 64, 8  # latest transfers of a node; transfers looked at for each wallet sought
_N_SIDE = 6

NODE_COLUMNS: tuple[str, ...] = (
    *(
        f"node_{name.format(d=d)}"
        for d in ("in", "out")
        for name in (
            "{d}_count",  # transfers before as_of, all of them
            "{d}_recency_s",  # from the latest to as_of
            "{d}_gap_mean_s",
            "{d}_fan_ratio",  # different counterparties over transfers
            "{d}_largest_share",
            "{d}_cv_ratio",
        )
    ),
    "node_age_s",
    "node_pass_through_ratio",
    "node_mean_out_to_in_ratio",
)
LINK_COLUMNS: tuple[str, ...] = ("link_count_share", "link_value_share", "link_recency_s")
NEIGHBOURHOOD_VERSION = 1


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

    def shuffled(self, seed: int) -> "Neighbourhoods":
        """The control: first-hop nodes, with what hangs on them, dealt anew to the rows.

        Every row keeps its number of senders and of recipients and gets those of other rows.
        """
        parent, row = self.parent.copy(), self.row.copy()
        generator = np.random.default_rng(seed)
        first_hop = np.arange(self.n_rows, self.n_inner)
        for side in (0, 1):
            nodes = first_hop[self.side[first_hop] == side]
            parent[nodes] = parent[generator.permutation(nodes)]
        row[first_hop] = parent[first_hop]
        row[self.n_inner :] = row[parent[self.n_inner :]]
        return self._replace(parent=parent, row=row)


def neighbourhoods(
    sides: Sides, codes: Int32s, as_of: Int64s, *, first_fan: int, second_fan: int
) -> Neighbourhoods:
    """Collect the neighbourhood of each wallet as of each instant.

    Parameters
    ----------
    sides : Sides
    codes : int32 array, shape (n,)
        Wallet codes, -1 for an unknown wallet: it has a root and no neighbours.
    as_of : int64 array, shape (n,), microseconds since 1970 UTC
        Only transfers before it are read, of every node.
    first_fan, second_fan : int
        Most wallets taken from each side of the root, and of each first-hop node; 0: none.

    Returns
    -------
    Neighbourhoods
    """
    n = codes.size
    roots = np.arange(n, dtype=np.int64)
    row, parent, side, code = [roots], [roots], [np.full(n, -1, np.int8)], [codes]
    links: list[Rows] = []
    above = 0  # number of nodes before the latest hop
    for fan in (first_fan, second_fan):
        found = np.full((code[-1].size, 2, fan), -1, dtype=np.int32)
        link = np.empty((*found.shape, len(LINK_COLUMNS)))
        _expand(sides, code[-1], codes[row[-1]], as_of[row[-1]], found, link)
        at = np.nonzero(found >= 0)
        parent.append(at[0] + above)
        above += code[-1].size
        row.append(row[-1][at[0]])
        side.append(at[1].astype(np.int8))
        code.append(found[at])
        links.append(link[at])
    described = _describe(sides, np.concatenate(code[1:]), as_of[np.concatenate(row[1:])])
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
def _expand(
    sides: Sides, codes: Int32s, roots: Int32s, as_of: Int64s, found: Int32s, link: Float64s
) -> None:
    """Find the wallets next to each node, the latest first; the node and its root are left out."""
    fan = found.shape[2]
    for node in range(codes.size):
        for k, side in enumerate((sides.incoming, sides.outgoing)):
            first, end, _ = cut(side, codes[node], as_of[node])
            first = max(first, end - _SPAN * fan)
            n, total = 0, 0.0
            for i in range(end - 1, first - 1, -1):
                amount = side.amount[i]
                total += amount
                other = side.counterparty[i]
                if other == codes[node] or other == roots[node]:
                    continue
                at = 0
                while at < n and found[node, k, at] != other:
                    at += 1
                if at == fan:
                    continue
                if at == n:
                    found[node, k, n] = other
                    link[node, k, n, 0], link[node, k, n, 1] = 0.0, 0.0
                    link[node, k, n, 2] = (as_of[node] - side.time[i]) / 1e6
                    n += 1
                link[node, k, at, 0] += 1.0
                link[node, k, at, 1] += amount
            for at in range(n):
                link[node, k, at, 0] /= end - first
                link[node, k, at, 1] = link[node, k, at, 1] / total if total > 0.0 else np.nan


@kernel
def _describe_side(side: Side, code: int, as_of: int, out: Float64s) -> tuple[float, int, float]:
    """Fill the columns of one side; returns sum and number of what was read, and the oldest age."""
    _, end, count = cut(side, code, as_of)
    out[0] = count
    if count == 0:
        return 0.0, 0, np.nan
    first = end - min(count, _READ)
    n = end - first
    total, squares, largest, fan = 0.0, 0.0, 0.0, 0
    for i in range(first, end):
        amount = side.amount[i]
        total += amount
        largest = max(largest, amount)
        new = True
        for j in range(first, i):
            if side.counterparty[j] == side.counterparty[i]:
                new = False
                break
        fan += new
    for i in range(first, end):
        squares += (side.amount[i] - total / n) ** 2
    out[1] = (as_of - side.time[end - 1]) / 1e6
    if n > 1:
        out[2] = (side.time[end - 1] - side.time[first]) / 1e6 / (n - 1)
    out[3] = fan / n
    if total > 0.0:
        out[4], out[5] = largest / total, math.sqrt(squares / n) / (total / n)
    return total, n, (as_of - side.time[end - count]) / 1e6


@kernel
def _describe(sides: Sides, codes: Int32s, as_of: Int64s) -> Rows:
    """``NODE_COLUMNS`` of each node."""
    out = np.full((codes.size, 2 * _N_SIDE + 3), np.nan)
    for row in range(codes.size):
        code, instant = codes[row], as_of[row]
        received, n_in, age_in = _describe_side(sides.incoming, code, instant, out[row, :_N_SIDE])
        sent, n_out, age_out = _describe_side(
            sides.outgoing, code, instant, out[row, _N_SIDE : 2 * _N_SIDE]
        )
        both = out[row, 2 * _N_SIDE :]
        both[0] = np.fmax(age_in, age_out)
        if max(received, sent) > 0.0:
            both[1] = min(received, sent) / max(received, sent)
        if received > 0.0 and n_out > 0:
            both[2] = (sent / n_out) / (received / n_in)
    return out
