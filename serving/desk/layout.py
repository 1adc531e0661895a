"""Places of wallets in the picture of a money trail, and curves between them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from serving.desk.picture import COLUMN, HEIGHT, SLOT, THICKEST, THINNEST, WIDTH, Edge, Node, rank
from serving.desk.words import brief

TOP = 34  # room for the headings of columns


def lay_out(nodes: Iterable[Node], edges: Iterable[Edge]) -> float:
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
            key=lambda node: (rank(node.exposed), node.follow is None, middle(node), -node.value)
        )
        top = TOP + (height - TOP - len(some) * SLOT) / 2
        for place, node in enumerate(some):
            node.x, node.y = column * COLUMN, top + place * SLOT
    return height


def draw(edges: Sequence[Edge]) -> None:
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
