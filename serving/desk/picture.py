"""Wallets and what moved between them, as they stand in the picture of a money trail."""

from dataclasses import dataclass

from serving.desk.words import brief, plain, short

COLUMN, WIDTH, SLOT, HEIGHT = 322, 158, 58, 42  # of the picture's units, which are pixels at first
THINNEST, THICKEST = 1.5, 18.0
TOLD = 0.005  # of a value: less is not told
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
        return plain(self.category) or WORDS.get(self.role, "")

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


def rank(exposed: str) -> int:
    """What is drawn first and highest: 0 is the gravest."""
    return ("grave", "known", "").index(exposed)
