"""STIX 2.1 bundles: indicators whose pattern names cryptocurrency wallets.

The standard has no object for a wallet; ``cryptocurrency-wallet`` with ``value`` (``address`` in
older bundles) is what is in use. An object without an indicator says nothing of its wallet.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from features.contracts.labels import NONE
from features.errors import SourceError
from features.json_file import read_json
from features.sources.labels.listed import Entry, Listed, Said, own_words, said, text_of

_WALLET = re.compile(r"cryptocurrency-wallet:(?:value|address)\s*=\s*'((?:[^'\\]|\\.)*)'")
_TYPES = {"malicious-activity": "illicit", "benign": "licit"}  # of indicator_types
_MIXING = "anonymization"
_CONFIDENCE = 0.5  # of an indicator that says nothing of it


def read_stix(path: Path) -> Listed:
    """Read the wallets that the indicators of a STIX bundle name.

    Raises
    ------
    SourceError
        It is no bundle.
    """
    bundle, listed = read_json(path), Listed()
    objects = bundle.get("objects") if isinstance(bundle, Mapping) else None
    if not isinstance(objects, list):
        raise SourceError(f"{path}: is no STIX bundle: it has no objects")
    named = set[str]()
    for one in objects:
        if one.get("type") == "indicator":
            wallets = _WALLET.findall(text_of(one, "pattern"))
            named |= set(wallets)
            listed.entries += [_entry(wallet, one) for wallet in wallets]
    for one in objects:
        if one.get("type") == "cryptocurrency-wallet":
            silent = text_of(one, "value", "address") not in named
            listed.left_out["wallets that no indicator names"] += silent
    return listed


def _entry(wallet: str, indicator: Mapping[str, Any]) -> Entry:
    words = [str(word) for word in indicator.get("labels") or ()]
    types = [str(word) for word in indicator.get("indicator_types") or ()]
    found = said([*words, *(["mixer"] if _MIXING in types else [])], "misp")
    if found.label == NONE:
        verdicts = [_TYPES[one] for one in types if one in _TYPES]
        found = Said(found.category, min(verdicts, default=NONE))  # illicit, then licit
    original = own_words(words or types, text_of(indicator, "name"))
    return Entry(
        wallet.replace("\\'", "'"), found, original,
        confidence=float(indicator.get("confidence", 100 * _CONFIDENCE)) / 100, **_times(indicator),
    )  # fmt: skip


def _times(indicator: Mapping[str, Any]) -> dict[str, str]:
    """When it became known as it is now, and until when it holds; a revoked one until then."""
    created, modified = text_of(indicator, "created"), text_of(indicator, "modified", "created")
    if indicator.get("revoked"):
        return {"known_at": created, "until": modified}
    return {"known_at": modified, "until": text_of(indicator, "valid_until")}
