"""Lists of reported wallets in JSON: MyEtherWallet's darklist, Ransomwhere, FollowTheMoney."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from features.errors import SourceError
from features.json_file import MAX_BYTES, read_json, read_regular
from features.sources.labels.listed import Entry, Listed, Said, chain_of, own_words, said, text_of

PHISHING, RANSOM = Said("phishing", "illicit"), Said("ransomware", "illicit")
_REPORT = 0.5  # confidence in what anyone may report, as in "forensic" of TagPacks
_WALLET = "CryptoWallet"
_OFFICIAL = "sanction"  # topic of FollowTheMoney


def read_darklist(path: Path) -> Listed:
    """Read ``addresses-darklist.json``: a list of {address, comment, date}.

    Its dates are those of reports, and not of when an entry came onto the list.

    Raises
    ------
    SourceError
        It is no such list.
    """
    content = read_json(path)
    if not isinstance(content, list) or not all(isinstance(one, Mapping) for one in content):
        raise SourceError(f"{path}: must hold a list of objects with an address")
    listed = Listed()
    for one in content:
        comment = text_of(one, "comment")
        original = own_words([PHISHING.category], comment)
        listed.entries.append(
            Entry(text_of(one, "address"), PHISHING, original, "ethereum", confidence=_REPORT)
        )
    return listed


def read_ransomwhere(path: Path) -> Listed:
    """Read what Ransomwhere exports: {result: [{address, blockchain, family, createdAt, ...}]}.

    An entry is known from ``createdAt`` on: when it came into that register.

    Raises
    ------
    SourceError
        It is no such export.
    """
    content = read_json(path)
    rows = content.get("result") if isinstance(content, Mapping) else None
    if not isinstance(rows, list) or not all(isinstance(one, Mapping) for one in rows):
        raise SourceError(f"{path}: is no export of Ransomwhere: it has no list result")
    return Listed(
        [
            Entry(
                text_of(one, "address"), RANSOM, own_words(["ransomware"], text_of(one, "family")),
                chain_of(text_of(one, "blockchain")), confidence=_REPORT,
                known_at=text_of(one, "createdAt"),
            )
            for one in rows
        ]
    )  # fmt: skip


def read_ftm(path: Path) -> Listed:
    """Read entities of FollowTheMoney, a JSON object a line, as OpenSanctions publishes them.

    Of them wallets (``CryptoWallet``) with an address are labels, by their topics; one that has no
    topic is what the holder is, of which a wallet alone says nothing. ``first_seen``, where an
    entity has it, is when the publisher saw it first.

    Raises
    ------
    SourceError
        A line is no entity.
    """
    listed = Listed()
    for entity in _entities(path):
        if entity["schema"] == _WALLET:
            found = _wallet(entity)
            listed.entries += found
            listed.left_out["wallets without an address"] += not found
    return listed


def _wallet(entity: Mapping[str, Any]) -> list[Entry]:
    of = entity["properties"]
    topics = [str(topic) for topic in of.get("topics") or ()]
    names = [str(name) for name in of.get("name") or of.get("holder") or of.get("caption") or ()]
    original = own_words(topics, "; ".join(names))
    chain = next((c for c in map(chain_of, _words(of, "blockchain", "currencySymbol")) if c), "")
    first = text_of(entity, "first_seen")
    return [
        Entry(
            key, said(topics), original, chain, known_at=first,
            confidence=1.0 if _OFFICIAL in topics else _REPORT,
        )
        for key in dict.fromkeys(_words(of, "publicKey", "cryptoAddress"))
    ]  # fmt: skip


def _words(of: Mapping[str, Any], *names: str) -> list[str]:
    return [str(value) for name in names for value in of.get(name) or ()]


def _entities(path: Path) -> Iterator[Mapping[str, Any]]:
    for number, line in enumerate(read_regular(path, MAX_BYTES).splitlines(), 1):
        if not line.strip():
            continue
        try:
            entity = json.loads(line)
        except (ValueError, RecursionError):
            entity = None
        if not isinstance(entity, dict) or not isinstance(entity.get("properties"), dict):
            raise SourceError(f"{path} line {number}: is no entity of FollowTheMoney")
        yield {"schema": "", **entity}
