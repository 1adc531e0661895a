"""What a reader of a list hands on: its statements on wallets, and what it could not take.

A statement is not a label yet. When it became known is said by the history of the list, or by who
imports it; how its wallet is spelled, by its chain.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd

from features.contracts.categories import CATEGORIES, OTHER, category_place
from features.contracts.concepts import CONCEPT, as_word
from features.contracts.labels import NONE

VERDICTS = {
    **dict.fromkeys(
        (
            "phishing", "theft", "ransomware", "darknet", "child_sexual_abuse", "abuse",
            "sanctioned",
        ),
        "illicit",
    ),
    **dict.fromkeys(("exchange", "mining"), "licit"),
}  # fmt: skip
"""Of a category, where no taxonomy says more; none of those that are not named."""
# GraphSense concepts that are younger than the tree that we have
_LATER = {"black_list": (OTHER, "illicit"), "gov_black_list": ("sanctioned", "illicit")}
CHAIN_OF_ASSET = {
    "btc": "bitcoin", "xbt": "bitcoin", "bitcoin": "bitcoin", "eth": "ethereum",
    "ethereum": "ethereum", "etc": "ethereum-classic", "arb": "arbitrum", "bsc": "bsc",
    "bnb": "bsc", "trx": "tron", "tron": "tron", "matic": "polygon", "polygon": "polygon",
    "avax": "avalanche", "base": "base", "op": "optimism", "optimism": "optimism",
    "bch": "bitcoin-cash", "ltc": "litecoin", "zec": "zcash", "xmr": "monero", "dash": "dash",
    "xrp": "ripple", "doge": "dogecoin", "ada": "cardano", "dot": "polkadot", "sol": "solana",
    "xlm": "stellar",
}  # fmt: skip
"""Chain by the ticker that lists write; a token, such as USDT, is of none of its own."""


class Said(NamedTuple):
    """What words say of a wallet: an exposure category, and "illicit", "licit" or "none"."""

    category: str
    label: str


def said(words: Iterable[str], taxonomy: str = "") -> Said:
    """Read the words of a source, concepts of a taxonomy or others; the worst of them counts.

    Examples
    --------
    >>> said(["exchange", "service_hack"], "graphsense")
    Said(category='theft', label='illicit')
    >>> said(["victim"], "graphsense")
    Said(category='other', label='none')
    """
    found = (_said(word, taxonomy) for word in words)
    return min(found, key=_gravity, default=Said(OTHER, NONE))


_WORST = ("illicit", "licit", NONE)
_GRAVEST = ("child_sexual_abuse", "abuse", "sanctioned")  # before all others, in their order


def _gravity(one: Said) -> tuple[int, int, bool]:
    grave = _GRAVEST.index(one.category) if one.category in _GRAVEST else len(_GRAVEST)
    return _WORST.index(one.label), grave, one.category == OTHER


def _said(word: str, taxonomy: str) -> Said:
    concept = CONCEPT.get((taxonomy, word.strip()))
    if concept is not None:
        return Said(concept.category, concept.verdict)
    if as_word(word) in _LATER:
        return Said(*_LATER[as_word(word)])
    category = CATEGORIES[category_place(word)]
    return Said(category, VERDICTS.get(category, NONE))


class Entry(NamedTuple):
    """A statement of a list on one wallet.

    Attributes
    ----------
    wallet : str, as it was written
    said : Said
    original : str
        The source's own words.
    chain : str
        A name of ``features.contracts.addresses.CHAINS``; empty where the list does not say.
    part : str
        Of the list, such as one file of many; empty where it has none.
    confidence : float, in [0, 1]
    known_at, until : str
        ISO 8601, where the list says it of each entry and can be believed; else empty.
    """

    wallet: str
    said: Said
    original: str
    chain: str = ""
    part: str = ""
    confidence: float = 1.0
    known_at: str = ""
    until: str = ""


@dataclass(slots=True)
class Listed:
    """The entries of a list, and how many others were left out, by reason."""

    entries: list[Entry] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def frame(self) -> pd.DataFrame:
        """Entries as columns of text: wallet, label, category, original, chain, part, ..."""
        rows = [(one.wallet, one.said.label, one.said.category, *one[2:]) for one in self.entries]
        columns = ["wallet", "label", "category", *Entry._fields[2:]]
        texts = {name: "str" for name in columns if name != "confidence"}
        return pd.DataFrame(rows, columns=columns).astype({**texts, "confidence": "float64"})


def chain_of(asset: str | None) -> str:
    """Chain of a ticker; empty for one that is on several, or not known."""
    return CHAIN_OF_ASSET.get((asset or "").strip().casefold(), "")


def own_words(words: Iterable[str], name: str) -> str:
    """A source's words on a wallet, and the name that it gives it, as one text."""
    return ": ".join(text for text in (", ".join(words), name) if text)


def text_of(fields: Mapping[str, object], *names: str) -> str:
    """First field of some that is there, as text."""
    found = (fields.get(name) for name in names)
    return next((str(value).strip() for value in found if value not in (None, "", [])), "")
