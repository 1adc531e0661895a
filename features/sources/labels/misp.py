"""MISP events as JSON: attributes that are addresses, with the tags that say what they are of.

An attribute's own tags count; where it has none of a known word, those of its event do. Its
``timestamp`` is that of its last edit, so that it is not told too early.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from features.contracts.categories import OTHER
from features.errors import SourceError
from features.json_file import read_json
from features.sources.labels.listed import (
    Entry,
    Listed,
    Said,
    chain_of,
    own_words,
    said,
    text_of,
)

_CHAINS = {"btc": "bitcoin", "xmr": "monero", "dash": "dash"}  # by type of attribute
_RELATIONS = ("address", "address-crypto", "address-xmr")
_SURE = {
    "completely-confident": 1.0, "usually-confident": 0.75, "fairly-confident": 0.5,
    "rarely-confident": 0.25, "unconfident": 0.0, "confidence-cannot-be-evaluated": 0.5,
}  # fmt: skip
_CONFIDENCE = 0.5  # of an event that says nothing of it, as of a trusted provider of TagPacks


def read_misp(path: Path) -> Listed:
    """Read the addresses of one or several MISP events.

    Raises
    ------
    SourceError
        It holds no event.
    """
    content, listed = read_json(path), Listed()
    events = [*_events(content)]
    if not events:
        raise SourceError(f"{path}: holds no MISP event")
    for event in events:
        for attribute, symbol in _attributes(event):
            if attribute.get("deleted"):
                listed.left_out["deleted attributes"] += 1
                continue
            listed.entries.append(_entry(event, attribute, symbol))
    return listed


def _events(content: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(content, Mapping) and isinstance(content.get("Event"), Mapping):
        yield content["Event"]
    elif isinstance(content, Mapping) and isinstance(content.get("response"), list):
        yield from _events(content["response"])
    elif isinstance(content, list):
        for one in content:
            yield from _events(one)


def _attributes(event: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Attributes that are addresses, with the symbol of the asset where an object has one."""
    for attribute in event.get("Attribute") or ():
        if attribute.get("type") in _CHAINS:
            yield attribute, str(attribute["type"])
    for one in event.get("Object") or ():
        inside = one.get("Attribute") or ()
        symbols = [a.get("value", "") for a in inside if a.get("object_relation") == "symbol"]
        for attribute in inside:
            typed = attribute.get("type") in _CHAINS
            if typed or attribute.get("object_relation") in _RELATIONS:
                yield attribute, str(attribute["type"] if typed else next(iter(symbols), ""))


def _entry(event: Mapping[str, Any], attribute: Mapping[str, Any], symbol: str) -> Entry:
    own, shared = _tags(attribute), _tags(event)
    found, told = _first_known(own), own
    if found == Said(OTHER, "none"):
        found, told = _first_known(shared), shared
    sure = [_SURE[tag[1]] for tag in map(_parted, [*own, *shared]) if tag[1] in _SURE]
    original = own_words(told, text_of(event, "info"))
    return Entry(
        str(attribute.get("value", "")), found, original, chain_of(symbol),
        confidence=sure[0] if sure else _CONFIDENCE, known_at=_time(attribute),
    )  # fmt: skip


def _tags(of: Mapping[str, Any]) -> list[str]:
    return [str(tag.get("name", "")) for tag in of.get("Tag") or ()]


def _parted(tag: str) -> tuple[str, str]:
    """Predicate and value of a tag such as ``dark-web:topic="mixer"``."""
    predicate, _, value = tag.rpartition(":")[2].partition("=")
    return predicate, value.strip('"')


def _first_known(tags: list[str]) -> Said:
    words = ["=".join(_parted(tag)) for tag in tags if tag.startswith("dark-web:")]
    others = [tag for tag in tags if ":" not in tag]
    return said([*words, *others], "misp")


def _time(attribute: Mapping[str, Any]) -> str:
    seconds = text_of(attribute, "timestamp")
    return datetime.fromtimestamp(int(seconds), UTC).isoformat() if seconds.isdigit() else ""
