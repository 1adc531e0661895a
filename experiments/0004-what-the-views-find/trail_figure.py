"""A money trail as a figure: wallets in columns by hop, ribbons as wide as the value traced."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Curve

COLOURS = {"source": "#b2182b", "listed": "#ef8a62", "other": "#4393c3"}
LEGEND = {"source": "labelled source", "listed": "on the OFAC list", "other": "any other wallet"}
GAP = 0.006  # between wallets, of the height of the figure
BAR = 0.06  # width of a wallet


class Edge(NamedTuple):
    """A transfer of a trail; ``hop`` is its recipient's distance from the source."""

    sender: str
    recipient: str
    hop: int
    amount: float


def short(wallet: str) -> str:
    """An address as people write it in a text."""
    return f"{wallet[:6]}..{wallet[-4:]}" if wallet.startswith("0x") else wallet


@dataclass(slots=True)
class Place:
    """Where a wallet is drawn."""

    hop: int
    amount: float
    low: float = 0.0
    height: float = 0.0

    @property
    def top(self) -> float:
        """Upper edge."""
        return self.low + self.height


def places(edges: list[Edge]) -> dict[str, Place]:
    """Column (hop), lower edge and height of every wallet, from the top of a column down."""
    found: dict[str, Place] = {}
    for edge in sorted(edges, key=lambda one: one.hop):
        if edge.sender not in found:
            found[edge.sender] = Place(edge.hop - 1, 0.0)
        found.setdefault(edge.recipient, Place(edge.hop, 0.0)).amount += edge.amount
    for wallet, place in found.items():
        sent = sum(edge.amount for edge in edges if edge.sender == wallet)
        place.amount = max(place.amount, sent)
    tallest = 0.0
    for hop in range(max(place.hop for place in found.values()) + 1):
        tallest = max(tallest, sum(one.amount for one in found.values() if one.hop == hop))
    for hop in range(max(place.hop for place in found.values()) + 1):
        top = 1.0
        for wallet in _column(edges, found, hop):
            place = found[wallet]
            place.height = place.amount / tallest
            place.low = top - place.height
            top = place.low - GAP
    return found


def _column(edges: list[Edge], found: dict[str, Place], hop: int) -> list[str]:
    """Wallets of a column: beside the wallet that paid them most, the largest first."""
    payer: dict[str, Edge] = {}
    for edge in edges:
        if edge.recipient not in payer or edge.amount > payer[edge.recipient].amount:
            payer[edge.recipient] = edge

    def order(wallet: str) -> tuple[float, float]:
        height = -found[payer[wallet].sender].top if wallet in payer else 0.0
        return height, -found[wallet].amount

    return sorted((wallet for wallet, place in found.items() if place.hop == hop), key=order)


def draw_trail(
    edges: list[Edge], role: Callable[[str], str], name: Callable[[str], str], title: str,
    heads: list[str],
) -> Figure:  # fmt: skip
    """Draw a trail.

    Parameters
    ----------
    edges : list of Edge
    role : callable
        Of a wallet: a key of ``COLOURS``.
    name : callable
        Label of a wallet.
    title, heads : str, list of str
        Of the figure, of its columns.
    """
    wallets = places(edges)
    figure = Figure(figsize=(9.5, 9.5), layout="constrained")
    axes = figure.subplots()
    _ribbons(axes, edges, wallets, role)
    for wallet, place in wallets.items():
        colour = COLOURS[role(wallet)]
        axes.add_patch(Rectangle((place.hop, place.low), BAR, place.height, color=colour))
        text = f"{name(wallet)}  {place.amount:,.0f}"
        middle = place.low + place.height / 2
        axes.text(place.hop + BAR + 0.02, middle, text, va="center", fontsize=6.5)
    for hop, head in enumerate(heads):
        axes.text(hop, 1.02, head, fontsize=9, fontweight="bold")
    axes.set_xlim(-0.05, len(heads) - 0.25)
    axes.set_ylim(min(place.low for place in wallets.values()) - 0.01, 1.06)
    axes.axis("off")
    axes.set_title(title, fontsize=11)
    shown = [Line2D([], [], color=COLOURS[key], linewidth=6, label=LEGEND[key]) for key in COLOURS]
    axes.legend(handles=shown, loc="lower left", fontsize=8, frameon=False)
    return figure


def _ribbons(
    axes: Axes, edges: list[Edge], wallets: dict[str, Place], role: Callable[[str], str]
) -> None:
    """Each transfer from the right of its sender to the left of its recipient."""
    out_top = {wallet: place.top for wallet, place in wallets.items()}
    in_top = dict(out_top)
    scale = max(place.height for place in wallets.values()) / max(
        place.amount for place in wallets.values()
    )
    for edge in sorted(
        edges, key=lambda one: (-wallets[one.sender].top, -wallets[one.recipient].top)
    ):
        x0, x1 = wallets[edge.sender].hop + BAR, float(wallets[edge.recipient].hop)
        y0, y1 = out_top[edge.sender], in_top[edge.recipient]
        width, middle = edge.amount * scale, (x0 + x1) / 2
        out_top[edge.sender] -= width
        in_top[edge.recipient] -= width
        corners = [
            (x0, y0), (middle, y0), (middle, y1), (x1, y1),
            (x1, y1 - width), (middle, y1 - width), (middle, y0 - width), (x0, y0 - width),
            (x0, y0),
        ]  # fmt: skip
        codes = [Curve.MOVETO, *[Curve.CURVE4] * 3, Curve.LINETO, *[Curve.CURVE4] * 3]
        ribbon = Curve(corners, [*codes, Curve.CLOSEPOLY])
        colour = COLOURS[role(edge.recipient)]
        axes.add_patch(PathPatch(ribbon, color=colour, alpha=0.35, linewidth=0))
