"""Concepts of the taxonomies that sources of labels take their words from.

``concepts.csv`` beside this file holds them, with their licences: GraphSense (MIT), MISP dark-web
(CC0 or BSD) and INTERPOL dark web and virtual assets (Apache-2.0). A concept is of the category and
of the verdict of its nearest ancestor that has one.
"""

import csv
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_FILE = Path(__file__).with_name("concepts.csv")


class Concept(NamedTuple):
    """A concept and what it says of a wallet.

    Attributes
    ----------
    taxonomy : str
        ``graphsense``, ``misp`` or ``interpol``.
    concept : str
        Its id there; of MISP a predicate, or ``predicate=value``.
    broader : str
        Id of its parent; empty at a root.
    name : str
    category : str
        Of exposure, one of ``features.contracts.categories.CATEGORIES``.
    verdict : str
        "illicit", "licit", or "none": the word says what a wallet is and not whether it is bad.
    """

    taxonomy: str
    concept: str
    broader: str
    name: str
    category: str
    verdict: str

    @property
    def words(self) -> tuple[str, ...]:
        """What it is called: its id, its name, and the tag that MISP writes of it."""
        last = self.concept.rpartition("=")[2]
        tag = f"dark-web:{self.concept}" if self.taxonomy == "misp" else last
        return tuple(dict.fromkeys(map(as_word, (last, self.name, tag))))


def as_word(text: str) -> str:
    """Lower case, with one underscore for whatever is no letter or digit.

    Examples
    --------
    >>> as_word("Child Sexual Abuse Material (CSAM)")
    'child_sexual_abuse_material_csam'
    """
    return re.sub(r"[\W_]+", "_", text.casefold()).strip("_")


def _read() -> tuple[Concept, ...]:
    with _FILE.open(encoding="utf-8", newline="") as file:
        rows = [Concept(**row) for row in csv.DictReader(file)]
    own = {(row.taxonomy, row.concept): row for row in rows}
    return tuple(_settled(row, own) for row in rows)


def _settled(row: Concept, own: Mapping[tuple[str, str], Concept]) -> Concept:
    """Give a concept what it has of its ancestors."""
    category, verdict, at = row.category, row.verdict, row
    while not (category and verdict):
        at = own[row.taxonomy, at.broader]
        category, verdict = category or at.category, verdict or at.verdict
    return row._replace(category=category, verdict=verdict)


CONCEPTS = _read()
"""All concepts, in the order of the file."""
CONCEPT = {(one.taxonomy, one.concept): one for one in CONCEPTS}
