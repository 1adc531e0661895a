"""GraphSense TagPacks: YAML files of tags, whose header gives every tag what it does not say.

A tag's ``lastmod`` changes with every edit: it says nothing of when the tag became known.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from features.errors import SourceError
from features.sources.labels.listed import (
    Entry,
    Listed,
    Said,
    chain_of,
    own_words,
    said,
    text_of,
)

# levels of the tagpack taxonomy "confidence", over 100
CONFIDENCE = {
    "override": 1.0, "ownership": 1.0, "ledger_immanent": 1.0, "manual_transaction": 0.9,
    "service_api": 0.7, "forensic_investigation": 0.7, "authority_data": 0.6,
    "trusted_provider": 0.5, "service_data": 0.5, "forensic": 0.5, "untrusted_transaction": 0.4,
    "web_crawl": 0.2, "heuristic": 0.1, "unknown": 0.05,
}  # fmt: skip
# every scalar is text: an address in hexadecimal digits would be a number, and no object is made
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_NEITHER = "mention"  # a tag of this type says that a wallet was written of


def read_tagpack(path: Path) -> Listed:
    """Read a TagPack.

    Raises
    ------
    SourceError
        It is no YAML, has no list of tags, or names a confidence that there is not.
    """
    try:
        with path.open("rb") as file:
            pack = yaml.load(file, _LOADER)  # noqa: S506 - the loader makes text only
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise SourceError(f"{path}: is no YAML: {' '.join(str(error).split())}") from None
    tags = pack.get("tags") if isinstance(pack, dict) else None
    if not isinstance(tags, list) or not all(isinstance(tag, dict) for tag in tags):
        raise SourceError(f"{path}: is no TagPack: there is no list of tags")
    header = {name: value for name, value in pack.items() if name != "tags"}
    listed = Listed()
    for tag in tags:
        whole = {**header, **tag}
        address = text_of(whole, "address")
        if address:
            listed.entries.append(_entry(path, address, whole))
        else:
            listed.left_out["tags of no address, but of a transaction"] += 1
    return listed


def _entry(path: Path, address: str, tag: Mapping[str, Any]) -> Entry:
    level = text_of(tag, "confidence") or "unknown"
    if level not in CONFIDENCE:
        raise SourceError(
            f"{path}: confidence {level!r} of {address} is none of {', '.join(CONFIDENCE)}"
        )
    words = _concepts(tag)
    found = said(words, "graphsense")
    if text_of(tag, "tag_type") == _NEITHER:
        found = Said(found.category, "none")
    original = own_words(words, text_of(tag, "label"))
    return Entry(
        address, found, original, chain_of(text_of(tag, "network", "currency")), path.stem,
        CONFIDENCE[level],
    )  # fmt: skip


def _concepts(tag: Mapping[str, Any]) -> list[str]:
    """Concepts of a tag; older ones have an abuse and a category instead."""
    concepts = tag.get("concepts") or []
    words = concepts if isinstance(concepts, list) else [concepts]
    older = [text_of(tag, "abuse"), text_of(tag, "category")]
    return list(dict.fromkeys(str(word) for word in [*words, *older] if word))
