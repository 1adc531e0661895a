"""OFAC's own list, ``sdn_advanced.xml``, read as a stream: it is about 80 MB.

A digital currency address is a feature of a party whose type is named "Digital Currency Address -
XBT", and so on; the address is its VersionDetail.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast
from xml.etree.ElementTree import (
    Element,
    ParseError,
    XMLPullParser,
)

from features.errors import SourceError
from features.sources.labels.listed import Entry, Listed, chain_of
from features.sources.labels.ofac import SANCTIONED

_CURRENCY = re.compile(r"Digital Currency Address - (\w+)")
_BLOCK = 1 << 20
_DECLARED = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


def read_sdn(path: Path) -> Listed:
    """Read the digital currency addresses of ``sdn_advanced.xml``.

    Raises
    ------
    SourceError
        It is no such file, or declares a document type.
    """
    listed, assets, parties = Listed(), dict[str, str](), 0
    for element in _elements(path):
        kind = _name(element)
        if kind == "FeatureType":
            found = _CURRENCY.search(element.text or "")
            if found:
                assets[element.get("ID", "")] = found[1]
        elif kind == "DistinctParty":
            parties += 1
            listed.entries += _of_party(element, assets)
            element.clear()
        elif kind in _DONE_WITH:
            element.clear()
    if not parties:
        raise SourceError(f"{path}: holds no DistinctParty; is it sdn_advanced.xml?")
    return listed


_DONE_WITH = ("IDRegDocument", "SanctionsEntry", "ProfileRelationship", "Location")


def _elements(path: Path) -> Iterator[Element]:
    """Elements in the order in which they end."""
    parser: XMLPullParser[Element] = XMLPullParser(["end"])
    before = b""
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                if _DECLARED.search(before + block):
                    raise SourceError(f"{path}: declares a document type, which is not read")
                before = block[-16:]
                parser.feed(block)
                yield from _ended(parser)
            parser.close()
            yield from _ended(parser)
    except ParseError as error:
        raise SourceError(f"{path}: is no XML: {error}") from None


def _ended(parser: "XMLPullParser[Element]") -> Iterator[Element]:
    return (element for _, element in cast("Iterator[tuple[str, Element]]", parser.read_events()))


def _of_party(party: Element, assets: dict[str, str]) -> Iterator[Entry]:
    name = " ".join((part.text or "").strip() for part in _within(_primary(party), "NamePartValue"))
    for feature in _within(party, "Feature"):
        asset = assets.get(feature.get("FeatureTypeID", ""))
        if asset is None:
            continue
        for detail in _within(feature, "VersionDetail"):
            address = (detail.text or "").strip()
            if address:
                yield Entry(address, SANCTIONED, name or "OFAC SDN", chain_of(asset))


def _primary(party: Element) -> Element:
    """The alias that is the party's name; the party where none is marked so."""
    marked = (alias for alias in _within(party, "Alias") if alias.get("Primary") == "true")
    return next(marked, party)


def _within(element: Element, name: str) -> Iterator[Element]:
    return (one for one in element.iter() if _name(one) == name)


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]
