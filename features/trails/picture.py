"""A drawn flow as a picture: money runs from left to right, as wide as the value.

Matplotlib draws it: of what is installed with walletrisk it is alone in writing svg, and its own
Sankey class knows no graph of layers, so the ribbons are curves of ours.
"""

from textwrap import fill

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Curve

from features.trails.drawn import Drawn, Node, Role

COLOURS: dict[Role, str] = {
    "asked": "#1a1a1a", "labelled": "#d95f02", "service": "#7b3294", "target": "#1b7837",
    "wallet": "#4393c3",
}  # fmt: skip
MEANING: dict[Role, str] = {
    "asked": "asked about", "labelled": "labelled", "service": "service-like",
    "target": "asked for", "wallet": "other wallet",
}  # fmt: skip
_SLOT_INCHES, _COLUMN_INCHES, _BAR = 0.42, 1.95, 0.07
_NAME_LETTERS = 22
_LETTERS_AN_INCH = 12  # of the heading


def short(name: str) -> str:
    """A name as people write it in a text, in letters that every font has.

    Examples
    --------
    >>> short("0x8589427373d6d84e98730d7795d8f6f8731fda16"), short("shop")
    ('0x8589..da16', 'shop')
    """
    plain = name.encode("ascii", "backslashreplace").decode()
    plain = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in plain)
    if plain.startswith("0x") and len(plain) == 42:
        return f"{plain[:6]}..{plain[-4:]}"
    return plain if len(plain) <= _NAME_LETTERS else f"{plain[: _NAME_LETTERS - 5]}..{plain[-3:]}"


def amount_text(value: float) -> str:
    """An amount in three digits.

    Examples
    --------
    >>> amount_text(1234567.0), amount_text(45600.0), amount_text(0.01234)
    ('1.23M', '45.6k', '0.0123')
    """
    for power, letter in ((12, "T"), (9, "G"), (6, "M"), (3, "k")):
        if abs(value) >= 10.0**power:
            return f"{value / 10.0**power:.3g}{letter}"
    return f"{value:.3g}"


class _Places:
    """Where nodes are: x by column, a slot each from the top, heights by value."""

    def __init__(self, shown: Drawn) -> None:
        self.shown = shown
        self.forward = shown.flow.direction == "forward"
        self.columns = [
            [k for k, node in enumerate(shown.nodes) if node.column == column]
            for column in range(shown.columns)
        ]
        self.slots = max((len(column) for column in self.columns), default=1)
        largest = max(
            (sum(shown.nodes[k].value for k in column) for column in self.columns), default=1.0
        )
        self.scale = 0.55 * self.slots / largest if largest > 0.0 else 0.0
        self.middle = [0.0] * len(shown.nodes)
        for sweep in range(4):
            self._order(sweep)

    def _order(self, sweep: int) -> None:
        """Put each column in order of the middles of those that it deals with."""
        near, far = [0.0] * len(self.middle), [0.0] * len(self.middle)
        weight_near, weight_far = list(near), list(near)
        for ribbon in self.shown.ribbons:
            near[ribbon.far] += ribbon.value * self.middle[ribbon.near]
            weight_near[ribbon.far] += ribbon.value
            far[ribbon.near] += ribbon.value * self.middle[ribbon.far]
            weight_far[ribbon.near] += ribbon.value

        def centre(k: int) -> float:
            total, weight = near[k], weight_near[k]
            if sweep % 2:
                total, weight = total + far[k], weight + weight_far[k]
            return total / weight if weight else 0.0

        for column in self.columns:
            column.sort(
                key=lambda k: (centre(k), -self.shown.nodes[k].wallets, self.shown.nodes[k].value),
                reverse=True,
            )
            heights = [max(self.height(k), 0.05) + 0.55 for k in column]
            top = sum(heights) / 2
            for k, height in zip(column, heights, strict=True):
                self.middle[k] = top - height / 2
                top -= height

    def height(self, k: int) -> float:
        """Height of a node's bar."""
        return self.shown.nodes[k].value * self.scale

    def x(self, k: int) -> float:
        """Left edge of a node."""
        column = self.shown.nodes[k].column
        return float(column if self.forward else len(self.columns) - 1 - column)

    def span(self) -> tuple[float, float]:
        """Lowest and highest edge of all."""
        edges = [(self.middle[k], max(self.height(k), 0.6) / 2) for k in range(len(self.middle))]
        low = min((middle - half for middle, half in edges), default=0.0)
        return low, max((middle + half for middle, half in edges), default=1.0)


def picture(shown: Drawn) -> Figure:
    """Draw a flow."""
    places = _Places(shown)
    low, high = places.span()
    columns = max(shown.columns, 2)
    size = (columns * _COLUMN_INCHES + 0.6, max((high - low) * _SLOT_INCHES + 1.5, 3.0))
    figure = Figure(figsize=size)
    axes = figure.add_axes((0.01, 0.0, 0.98, 1.0))
    _ribbons(axes, shown, places)
    for k, node in enumerate(shown.nodes):
        _node(axes, places, k, node)
    for column in range(shown.columns):
        x = column if places.forward else shown.columns - 1 - column
        head = "asked about" if column == 0 else f"hop {column}"
        axes.text(x, high + 0.35, head, fontsize=8, fontweight="bold", color="#444444")
    axes.set_xlim(-0.05, columns - 0.1)
    inches = size[1] / _SLOT_INCHES
    axes.set_ylim(high + 2.6 - inches, high + 2.6)
    axes.axis("off")
    lines = fill(heading(shown), int(size[0] * _LETTERS_AN_INCH))
    axes.text(0, high + 1.9, lines, fontsize=9.5, parse_math=False, va="top")
    roles = [role for role in COLOURS if any(node.role == role for node in shown.nodes)]
    legend = [
        Line2D([], [], color=COLOURS[role], linewidth=5, label=MEANING[role]) for role in roles
    ]
    if legend:
        axes.legend(handles=legend, loc="lower left", ncols=5, fontsize=7.5, frameon=False)
    return figure


def heading(shown: Drawn) -> str:
    """What is drawn, and what is not."""
    flow = shown.flow
    asked = [node for node in shown.nodes if node.role == "asked" and node.column == 0]
    wallets = sum(node.wallets for node in asked)
    who = short(asked[0].name) if wallets == 1 else f"{wallets} wallets"
    verb = "sent by" if flow.direction == "forward" else "received by"
    share = flow.kept / flow.total if flow.total else 0.0
    text = f"{amount_text(flow.total)} {verb} {who}: {share:.1%} shown"
    text += f", {len(flow.transfers)} transfers; {flow.left_out} smaller ones left out"
    return text + ("; cut by a limit: there may be more" if flow.truncated else "")


def _node(axes: Axes, places: _Places, k: int, node: Node) -> None:
    """A bar, and beside it who that is, how much, and why it ends there."""
    x, middle, height = places.x(k), places.middle[k], places.height(k)
    colour = COLOURS[node.role]
    bar = max(height, 0.03)
    axes.add_patch(Rectangle((x, middle - bar / 2), _BAR, bar, color=colour, linewidth=0))
    name = short(node.name) if node.wallets == 1 else node.name
    if node.category:
        name += f" ({node.category})"
    elif node.role == "service":
        name += " (service-like)"
    text = f"{name}\n{amount_text(node.value)}"
    if node.ended > 0.005 * node.value and node.column and not node.category:
        ends = "ends" if node.ended > 0.995 * node.value else f"{amount_text(node.ended)} ends"
        text += f", {ends}"
    axes.text(
        x + _BAR + 0.02, middle, text, va="center", fontsize=6.2, linespacing=1.05,
        parse_math=False, color="#111111" if node.wallets == 1 else "#555555",
    )  # fmt: skip


def _ribbons(axes: Axes, shown: Drawn, places: _Places) -> None:
    """Each from the right of the wallet that sent to the left of the one that received."""
    tops = [[places.middle[k] + places.height(k) / 2] * 2 for k in range(len(shown.nodes))]
    order = sorted(
        shown.ribbons, key=lambda one: (-places.middle[one.near], -places.middle[one.far])
    )
    for one in order:
        left, right = (one.near, one.far) if places.forward else (one.far, one.near)
        width = one.value * places.scale
        y0, y1 = tops[left][1], tops[right][0]
        tops[left][1] -= width
        tops[right][0] -= width
        role = shown.nodes[one.far].role
        curve = _curve((places.x(left) + _BAR, y0), (places.x(right), y1), width)
        axes.add_patch(PathPatch(curve, color=COLOURS[role], alpha=0.25, linewidth=0.3))
        if width > 0.35:
            when = _days(one.first, one.last)
            middle = places.x(right) - 0.03, y1 - width / 2
            axes.text(*middle, when, fontsize=5, ha="right", va="center", color="#666666")


def _curve(start: tuple[float, float], end: tuple[float, float], width: float) -> Curve:
    (x0, y0), (x1, y1) = start, end
    middle = x1 - min(x1 - x0, 0.93) / 2  # the bend of a long ribbon is in its last column
    return Curve(
        [(x0, y0), (middle, y0), (middle, y1), (x1, y1), (x1, y1 - width), (middle, y1 - width),
         (middle, y0 - width), (x0, y0 - width), (x0, y0)],
        [Curve.MOVETO, *[Curve.CURVE4] * 3, Curve.LINETO, *[Curve.CURVE4] * 3, Curve.CLOSEPOLY],
    )  # fmt: skip


def _days(first: object, last: object) -> str:
    """First and last day, or the time of a single transfer."""
    one, other = f"{first:%d %b}", f"{last:%d %b}"
    return one if one == other else f"{one} - {other}"
