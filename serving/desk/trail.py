"""The money trail as a graph: where a wallet's money came from, and where it went.

Wallets stand in columns, money runs from left to right. What is drawn is what
:func:`features.trails.drawn.drawn` makes of a flow, each way, joined at the wallet asked about.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from features.trails.drawn import Drawn, Ribbon
from features.trails.drawn import Node as DrawnNode
from serving.desk.words import brief, short, span

COLUMN, WIDTH, SLOT, HEIGHT = 322, 158, 58, 42  # of the picture's units, which are pixels at first
TOP = 34  # room for the headings of columns
TOLD = 0.005  # of a value: less is not told
THINNEST, THICKEST = 1.5, 18.0
MOST_COLUMNS = 5  # on each side
# of labelled wallets that most reviewers need not fear; all others are drawn as a warning
ORDINARY = frozenset(("exchange", "mining", "gambling", "other"))
WORDS = {
    "asked": "asked about", "labelled": "labelled", "service": "service-like", "wallet": "",
    "target": "asked for",
}  # fmt: skip


@dataclass(slots=True)
class Node:
    """A wallet, or several small ones, as drawn.

    Attributes
    ----------
    number : int
    name : str
        Of the wallet; of several, how many they are.
    follow : str or None
        The wallet that a click follows.
    column : int
        Below 0 before the wallet asked about, above 0 after it.
    role, category : str
    value, ended : float
        Of the ledger's unit of account.
    grave : bool
        Labelled as illicit, or of a category that is drawn as a warning.
    exposed : str
        Whether it lies on a way to a labelled wallet: ``grave`` or ``known``; empty: it does not.
    x, y : float
        Of its left upper corner.
    """

    number: int
    name: str
    follow: str | None
    column: int
    role: str
    category: str
    value: float
    ended: float
    grave: bool = False
    exposed: str = ""
    x: float = 0.0
    y: float = 0.0

    @property
    def text(self) -> str:
        """Name where there is little room."""
        return short(self.name)

    @property
    def what(self) -> str:
        """What it is, in words; empty: a wallet that nothing is known of."""
        return self.category.replace("_", " ") or WORDS.get(self.role, "")

    @property
    def worth(self) -> str:
        """What came to it, and what of that went no further, where that is to be told."""
        if not self.column:
            return ""
        worth = brief(self.value)
        if self.category or self.ended <= TOLD * self.value:
            return worth
        rest = "" if self.ended > (1 - TOLD) * self.value else f"{brief(self.ended)} "
        return f"{worth} · {rest}ends"

    @property
    def said(self) -> str:
        """All that its second line says."""
        return f"{self.what} {self.worth}".strip()


@dataclass(slots=True)
class Edge:
    """What moved between two nodes, from the one that sent to the one that received."""

    source: Node
    target: Node
    value: float
    transfers: int
    when: str
    exposed: str = ""
    path: str = ""
    width: float = THINNEST
    label: str = ""
    label_x: float = 0.0
    label_y: float = 0.0
    anchor: str = "start"


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
    height = _place(nodes, edges)
    _draw(edges)
    columns = sorted({node.column for node in nodes})
    left = columns[0] * COLUMN
    right = columns[-1] * COLUMN + WIDTH
    headings = [(column * COLUMN, _heading(column)) for column in columns]
    sides = [_side(shown) for shown in flows]
    edges.sort(key=lambda edge: (-_rank(edge.exposed), -edge.value))  # drawn last: on top
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


def _rank(exposed: str) -> int:
    return ("grave", "known", "").index(exposed)


def _place(nodes: Iterable[Node], edges: Iterable[Edge]) -> float:
    """Give nodes their places, ways to labelled wallets above others; returns the height."""
    columns = defaultdict[int, list[Node]](list)
    for node in nodes:
        columns[node.column].append(node)
    near = defaultdict[int, list[tuple[float, Node]]](list)
    for edge in edges:
        low, far = sorted((edge.source, edge.target), key=lambda node: abs(node.column))
        near[far.number].append((edge.value, low))
    tallest = max(map(len, columns.values()))
    height = TOP + tallest * SLOT

    def middle(node: Node) -> float:
        weight = sum(value for value, _ in near[node.number]) or 1.0
        return sum(value * low.y for value, low in near[node.number]) / weight

    for column in sorted(columns, key=abs):
        some = columns[column]
        some.sort(
            key=lambda node: (_rank(node.exposed), node.follow is None, middle(node), -node.value)
        )
        top = TOP + (height - TOP - len(some) * SLOT) / 2
        for place, node in enumerate(some):
            node.x, node.y = column * COLUMN, top + place * SLOT
    return height


def _draw(edges: Sequence[Edge]) -> None:
    """Give each edge its curve, as wide as its value, and its text beside the farther wallet."""
    largest = max((edge.value for edge in edges), default=1.0) or 1.0
    for edge in edges:
        edge.width = round(THINNEST + (THICKEST - THINNEST) * edge.value / largest, 1)
    leaves, reaches = _ends(edges, outward=True), _ends(edges, outward=False)
    for edge in edges:
        x0, y0 = edge.source.x + WIDTH, leaves[id(edge)]
        x1, y1 = edge.target.x, reaches[id(edge)]
        bend = (COLUMN - WIDTH) * 0.55
        edge.path = (
            f"M{x0:g} {y0:.1f}C{x0 + bend:g} {y0:.1f} {x1 - bend:g} {y1:.1f} {x1:g} {y1:.1f}"
        )
    _label(edges)


def _ends(edges: Iterable[Edge], *, outward: bool) -> dict[int, float]:
    """Height at which each edge meets its sender (``outward``) or its recipient: side by side."""
    sides = defaultdict[int, list[Edge]](list)
    for edge in edges:
        sides[(edge.source if outward else edge.target).number].append(edge)
    found = {}
    for some in sides.values():
        some.sort(key=lambda edge: (edge.target if outward else edge.source).y)
        node = some[0].source if outward else some[0].target
        whole = sum(edge.width for edge in some)
        scale = min(1.0, (HEIGHT - 6) / whole)
        y = node.y + HEIGHT / 2 - whole * scale / 2
        for edge in some:
            found[id(edge)] = y + edge.width * scale / 2
            y += edge.width * scale
    return found


def _label(edges: Sequence[Edge]) -> None:
    """Text of the largest edge of each farther wallet, in the free room beside that."""
    named = set[int]()
    for edge in sorted(edges, key=lambda edge: -edge.value):
        forward = abs(edge.target.column) > abs(edge.source.column)
        far = edge.target if forward else edge.source
        if far.number in named:
            continue
        named.add(far.number)
        edge.label = f"{brief(edge.value)} · {edge.when}"
        edge.label_x = far.x - 6 if forward else far.x + WIDTH + 6
        edge.label_y = far.y + HEIGHT / 2 - edge.width / 2 - 4
        edge.anchor = "end" if forward else "start"


def _side(shown: Drawn) -> Side:
    flow = shown.flow
    deeper = sum(node.wallets for node in shown.nodes if node.column > MOST_COLUMNS)
    return Side(
        flow.direction, flow.total, flow.kept, len(flow.transfers), flow.left_out, flow.truncated,
        flow.unread, deeper,
    )  # fmt: skip
