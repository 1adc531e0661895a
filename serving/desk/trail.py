"""The money trail as a graph: where a wallet's money came from, and where it went.

Wallets stand in columns, money runs from left to right. What is drawn is what
:func:`features.trails.drawn.drawn` makes of a flow, each way, joined at the wallet asked about.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from features.trails.drawn import Drawn, Ribbon
from features.trails.drawn import Node as DrawnNode
from serving.desk.layout import draw, lay_out
from serving.desk.picture import COLUMN, WIDTH, Edge, Node, rank
from serving.desk.words import span

MOST_COLUMNS = 5  # on each side
# of labelled wallets that most reviewers need not fear; all others are drawn as a warning
ORDINARY = frozenset(("exchange", "mining", "gambling", "other"))


class Side(NamedTuple):
    """What is said of one direction beside the picture."""

    direction: str
    total: float
    kept: float
    transfers: int
    left_out: int
    truncated: bool
    unread: int
    deeper: int


class Graph(NamedTuple):
    """Both directions as one picture."""

    nodes: list[Node]
    edges: list[Edge]
    sides: list[Side]
    width: float
    height: float
    left: float
    headings: list[tuple[int, str]]

    @property
    def centre(self) -> Node:
        """The wallet asked about."""
        return self.nodes[0]


def graph(wallet: str, flows: Sequence[Drawn], illicit: Callable[[str], bool]) -> Graph:
    """Lay flows of one wallet out.

    Parameters
    ----------
    wallet : str
    flows : sequence of Drawn
        One of each direction.
    illicit : callable
        Whether a list calls a wallet so, whatever its category.
    """
    centre = Node(0, wallet, None, 0, "asked", "", 0.0, 0.0)
    nodes, edges = [centre], list[Edge]()
    for shown in flows:
        placed = _nodes(shown, centre, len(nodes))
        nodes += [node for node in placed.values() if node is not centre]
        edges += [
            _edge(shown, one, placed)
            for one in shown.ribbons
            if one.near in placed and one.far in placed
        ]
    for node in nodes:
        node.grave = node.role == "labelled" and (
            grave(node.category) or (node.follow is not None and illicit(node.follow))
        )
    _expose(nodes, edges)
    height = lay_out(nodes, edges)
    draw(edges)
    columns = sorted({node.column for node in nodes})
    left = columns[0] * COLUMN
    right = columns[-1] * COLUMN + WIDTH
    headings = [(column * COLUMN, _heading(column)) for column in columns]
    sides = [_side(shown) for shown in flows]
    edges.sort(key=lambda edge: (-rank(edge.exposed), -edge.value))  # drawn last: on top
    return Graph(nodes, edges, sides, right - left, height, left, headings)


def _heading(column: int) -> str:
    if column == 0:
        return "asked about"
    return (
        f"{abs(column)} hop{'s' if abs(column) > 1 else ''} {'before' if column < 0 else 'after'}"
    )


def _nodes(shown: Drawn, centre: Node, first: int) -> dict[int, Node]:
    """Nodes of one direction by their place in the drawing, the wallet asked about among them."""
    placed = dict[int, Node]()
    sign = 1 if shown.flow.direction == "forward" else -1
    for place, node in enumerate(shown.nodes):
        if node.column == 0:
            placed[place] = centre
        elif node.column <= MOST_COLUMNS:
            number = first + len([one for one in placed.values() if one is not centre])
            follow = node.name if node.wallets == 1 else None
            placed[place] = Node(
                number, node.name, follow, sign * node.column, node.role, _category(node),
                node.value, node.ended,
            )  # fmt: skip
    return placed


def _category(node: DrawnNode) -> str:
    return node.category if node.role == "labelled" else ""


def _edge(shown: Drawn, ribbon: Ribbon, placed: dict[int, Node]) -> Edge:
    near, far = placed[ribbon.near], placed[ribbon.far]
    source, target = (near, far) if shown.flow.direction == "forward" else (far, near)
    when = span(ribbon.first, ribbon.last)
    return Edge(source, target, ribbon.value, ribbon.transfers, when)


def _expose(nodes: Sequence[Node], edges: Iterable[Edge]) -> None:
    """Mark the ways from the wallet asked about to labelled wallets, the grave ones last."""
    inward = defaultdict[int, list[Edge]](list)
    for edge in edges:
        far = max(edge.source, edge.target, key=lambda node: abs(node.column))
        inward[far.number].append(edge)
    labelled = [node for node in nodes if node.role == "labelled"]
    for how in ("known", "grave"):
        waiting = [node for node in labelled if node.grave == (how == "grave")]
        met = {node.number for node in waiting}
        while waiting:
            node = waiting.pop()
            node.exposed = how
            for edge in inward[node.number]:
                near = edge.source if edge.target is node else edge.target
                edge.exposed = how
                if near.number not in met:
                    met.add(near.number)
                    waiting.append(near)


def grave(category: str) -> bool:
    """Whether a category of labelled wallets is drawn as a warning.

    Examples
    --------
    >>> grave("mixer"), grave("exchange")
    (True, False)
    """
    return category not in ORDINARY


class LabelledPath(NamedTuple):
    """A way of transfers to a labelled wallet."""

    category: str
    grave: bool
    trail: Mapping[str, Any]


def labelled_paths(
    wallet: str, trails: Iterable[Mapping[str, Any]], illicit: Callable[[str], bool]
) -> list[LabelledPath]:
    """Ways to labelled wallets among a wallet's trails, the grave ones first."""
    found = []
    for trail in trails:
        if trail["category"]:
            first, last = trail["transfers"][0]["sender"], trail["transfers"][-1]["recipient"]
            end = last if first == wallet else first
            bad = grave(trail["category"]) or illicit(end)
            found.append(LabelledPath(trail["category"], bad, trail))
    return sorted(found, key=lambda path: not path.grave)


def _side(shown: Drawn) -> Side:
    flow = shown.flow
    deeper = sum(node.wallets for node in shown.nodes if node.column > MOST_COLUMNS)
    return Side(
        flow.direction, flow.total, flow.kept, len(flow.transfers), flow.left_out, flow.truncated,
        flow.unread, deeper,
    )  # fmt: skip
