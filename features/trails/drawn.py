"""A flow as it is drawn: wallets in columns, what moved between them, the small ones as one.

A wallet is one node unless money came back to it on a way round; then it is a node for each length
of the way, so that all ribbons run in one direction. Columns are longest ways from the wallet asked
about, and at every node what comes in is what goes on and what ends there.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from features.trails.flow import Flow

Role = Literal["asked", "labelled", "service", "target", "wallet"]
IN_A_COLUMN = 12  # nodes that are shown by name; the smaller ones are one node a role
_ROLE_OF_END: dict[str, Role] = {
    "asked": "asked", "labelled": "labelled", "service": "service", "target": "target",
}  # fmt: skip


@dataclass(slots=True)
class Node:
    """A wallet, or several small ones of a column.

    Attributes
    ----------
    name : str, of the wallet; of several, what they are
    wallets : int, how many it stands for
    column : int, from 0 at the wallet asked about
    role, category : what it is, and the category of its label
    value : float, what of the flow comes to it, or begins at it
    ended : float, what of that goes no further
    """

    name: str
    wallets: int
    column: int
    role: Role
    category: str
    value: float = 0.0
    ended: float = 0.0


@dataclass(slots=True)
class Ribbon:
    """What moved between two nodes, ``near`` the wallet asked about and ``far`` from it."""

    near: int
    far: int
    value: float
    transfers: int
    first: pd.Timestamp
    last: pd.Timestamp


@dataclass(frozen=True, slots=True)
class Drawn:
    """Nodes and ribbons of a flow."""

    flow: Flow
    nodes: list[Node]
    ribbons: list[Ribbon] = field(default_factory=list)

    @property
    def columns(self) -> int:
        """Number of columns."""
        return max((node.column for node in self.nodes), default=-1) + 1


def drawn(flow: Flow, *, in_a_column: int = IN_A_COLUMN) -> Drawn:
    """Merge the visits of wallets, put them into columns, and make the small ones one.

    Examples
    --------
    >>> from features.ledger import Ledger
    >>> from features.trails.flow import trace_flow
    >>> frame = pd.DataFrame({
    ...     "tx_id": ["t1", "t2"], "sender": ["a", "b"], "recipient": ["b", "c"],
    ...     "timestamp": pd.date_range("2026-01-01", periods=2, tz="UTC"),
    ...     "amount": [2.0, 2.0], "asset": "ETH"})
    >>> shown = drawn(trace_flow(Ledger.from_transfers(frame), "c", "2026-02-01T00:00Z",
    ...     direction="backward"))
    >>> [(node.name, node.column) for node in shown.nodes]
    [('c', 0), ('b', 1), ('a', 2)]
    """
    pieces = _pieces(flow)
    nodes, of_piece = _nodes(flow, pieces)
    nodes, ribbons = _collapsed(nodes, _ribbons(flow, pieces, of_piece), in_a_column)
    return Drawn(flow, nodes, ribbons)


@dataclass(frozen=True, slots=True)
class _Pieces:
    """Parts of transfers by what paid them: row, value, and the levels of both their ends."""

    row: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    near: npt.NDArray[np.int64]
    far: npt.NDArray[np.int64]


def _pieces(flow: Flow) -> _Pieces:
    level = _levels(flow)
    begins = np.flatnonzero(flow.transfers["begins_amount"].to_numpy() > 0.0)
    source, target = (flow.payments[name].to_numpy(np.int64) for name in ("source", "target"))
    return _Pieces(
        np.concatenate([begins, target]),
        np.concatenate(
            [
                flow.transfers["begins_amount"].to_numpy()[begins],
                flow.payments["amount"].to_numpy(np.float64),
            ]
        ),
        np.concatenate([np.zeros(begins.size, np.int64), level[source]]),
        np.concatenate([level[begins], level[target]]),
    )


def _levels(flow: Flow) -> npt.NDArray[np.int64]:
    """Most transfers on any way of the flow to each of its transfers, itself among them."""
    pairs = zip(flow.payments["source"], flow.payments["target"], strict=True)
    return np.array(_longest(len(flow.transfers), pairs), np.int64) + 1


def _longest(size: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """Most pairs on any way to each of so many places, of a graph without circles."""
    onward, waiting, length = defaultdict[int, list[int]](list), [0] * size, [0] * size
    for near, far in pairs:
        onward[near].append(far)
        waiting[far] += 1
    ready = [place for place, count in enumerate(waiting) if count == 0]
    while ready:
        near = ready.pop()
        for far in onward[near]:
            length[far] = max(length[far], length[near] + 1)
            waiting[far] -= 1
            if waiting[far] == 0:
                ready.append(far)
    return length


def _nodes(flow: Flow, pieces: _Pieces) -> tuple[list[Node], npt.NDArray[np.int64]]:
    """Nodes, and those at the near and the far end of each piece."""
    near, far = ends(flow)
    names = sorted({*near, *far})
    code = {name: place for place, name in enumerate(names)}
    from_to = np.array([[code[name] for name in near], [code[name] for name in far]], np.int64)
    comes_back = _come_back(from_to.reshape(2, -1), len(names))
    keys: dict[tuple[int, int], int] = {}
    of_piece = np.empty((2, pieces.row.size), np.int64)
    for end, levels in enumerate((pieces.near, pieces.far)):
        for place, row in enumerate(pieces.row.tolist()):
            wallet = int(from_to[end, row])
            key = wallet, int(levels[place]) if comes_back[wallet] else -1
            of_piece[end, place] = keys.setdefault(key, len(keys))
    nodes = [Node(names[wallet], 1, 0, "wallet", "") for wallet, _ in keys]
    for place in np.unique(of_piece[0][pieces.near == 0]).tolist():
        nodes[place].role = "asked"
    _fill(flow, pieces, of_piece, nodes)
    return nodes, of_piece


def ends(flow: Flow) -> tuple[list[str], list[str]]:
    """Wallets at the near and the far end of each transfer."""
    sender, recipient = flow.transfers["sender"].tolist(), flow.transfers["recipient"].tolist()
    return (sender, recipient) if flow.direction == "forward" else (recipient, sender)


def _come_back(from_to: npt.NDArray[np.int64], wallets: int) -> npt.NDArray[np.bool_]:
    """Which wallets lie on a way round."""
    graph = coo_array((np.ones(from_to.shape[1]), tuple(from_to)), shape=(wallets, wallets))
    _, part = connected_components(graph, connection="strong")
    come_back: npt.NDArray[np.bool_] = np.bincount(part)[part] > 1
    return come_back


def _fill(flow: Flow, pieces: _Pieces, of_piece: npt.NDArray[np.int64], nodes: list[Node]) -> None:
    """Value, end, role and column of each node."""
    value = np.bincount(of_piece[1], weights=pieces.value, minlength=len(nodes))
    begun = pieces.near == 0
    value += np.bincount(of_piece[0][begun], weights=pieces.value[begun], minlength=len(nodes))
    onward = np.bincount(of_piece[0], weights=pieces.value, minlength=len(nodes))
    last = dict(zip(pieces.row.tolist(), of_piece[1].tolist(), strict=True))
    kinds = zip(flow.transfers["end"], flow.transfers["category"], strict=True)
    for row, (end, category) in enumerate(kinds):
        node = nodes[last[row]]
        if end in _ROLE_OF_END and node.role != "asked":
            node.role = _ROLE_OF_END[end]
        node.category = node.category or category
    for place, node in enumerate(nodes):
        node.value = float(value[place])
        node.ended = max(float(value[place] - onward[place]), 0.0)
    pairs = set(zip(*of_piece.tolist(), strict=True))
    for node, column in zip(nodes, _longest(len(nodes), pairs), strict=True):
        node.column = column


def _ribbons(flow: Flow, pieces: _Pieces, of_piece: npt.NDArray[np.int64]) -> list[Ribbon]:
    times = flow.transfers["timestamp"].to_numpy()[pieces.row]
    frame = pd.DataFrame(
        {"near": of_piece[0], "far": of_piece[1], "value": pieces.value, "row": pieces.row,
         "time": times}
    )  # fmt: skip
    grouped = frame.groupby(["near", "far"]).agg(
        value=("value", "sum"), transfers=("row", "nunique"), first=("time", "min"),
        last=("time", "max"),
    )  # fmt: skip
    rows = grouped.itertuples(index=False, name=None)
    return [Ribbon(*key, *row) for key, row in zip(grouped.index.tolist(), rows, strict=True)]


def _collapsed(
    nodes: list[Node], ribbons: list[Ribbon], in_a_column: int
) -> tuple[list[Node], list[Ribbon]]:
    """Make one node of the smaller ones of a column and a role."""
    columns = defaultdict[int, list[int]](list)
    for place in sorted(range(len(nodes)), key=lambda place: (-nodes[place].value, place)):
        columns[nodes[place].column].append(place)
    kept: list[Node] = []
    new = [0] * len(nodes)
    for column in sorted(columns):
        groups: dict[tuple[Role, str], list[int]] = {}
        for rank, place in enumerate(columns[column]):
            node = nodes[place]
            alone = rank < in_a_column or len(columns[column]) == in_a_column + 1
            if alone:
                new[place] = len(kept)
                kept.append(node)
            else:
                groups.setdefault((node.role, node.category), []).append(place)
        for (role, category), places in groups.items():
            one = _together([nodes[place] for place in places], column, role, category)
            for place in places:
                new[place] = len(kept)
            kept.append(one)
    return kept, _joined(ribbons, new)


def _together(some: list[Node], column: int, role: Role, category: str) -> Node:
    if len(some) == 1:
        return some[0]
    wallets = len({node.name for node in some})
    value, ended = sum(node.value for node in some), sum(node.ended for node in some)
    return Node(f"{wallets} others", wallets, column, role, category, value, ended)


def _joined(ribbons: list[Ribbon], new: list[int]) -> list[Ribbon]:
    joined: dict[tuple[int, int], Ribbon] = {}
    for one in ribbons:
        key = new[one.near], new[one.far]
        if key not in joined:
            joined[key] = Ribbon(*key, one.value, one.transfers, one.first, one.last)
            continue
        other = joined[key]
        other.value += one.value
        other.transfers += one.transfers
        other.first, other.last = min(other.first, one.first), max(other.last, one.last)
    return list(joined.values())
