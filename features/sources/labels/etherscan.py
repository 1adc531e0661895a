"""Labels that were scraped from block explorers (``etherscan-labels``), and ScamSniffer's lists.

Both are read and never bundled: the labels have terms of their own, the lists are GPL-3.0.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from features.errors import SourceError
from features.json_file import read_json
from features.sources.labels.listed import Entry, Listed, Said, own_words, said

_CONFIDENCE = 0.5  # as of "service_data" and "forensic" in TagPacks
_WORDS = {"phish-hack": "phishing", "take-action": "", "blocked": ""}  # a category, or none
PHISHING = Said("phishing", "illicit")


def read_etherscan(path: Path) -> Listed:
    """Read ``combinedAllLabels.json`` ({address: {name, labels}}) or one of ``accounts/``.

    Raises
    ------
    SourceError
        It is neither.
    """
    content = read_json(path)
    if not isinstance(content, Mapping):
        raise SourceError(f"{path}: must hold an object of address to labels")
    return Listed([entry for address, of in content.items() for entry in _of(path, address, of)])


def _of(path: Path, address: str, of: Any) -> Iterator[Entry]:
    if isinstance(of, str):  # a file of one label, which is its name
        words, name = [path.stem], of
    elif isinstance(of, Mapping) and isinstance(of.get("labels"), list):
        words, name = [str(word) for word in of["labels"]], str(of.get("name") or "")
    else:
        raise SourceError(f"{path}: {address} has neither a name nor labels")
    meant = [_WORDS.get(word, word) for word in words]
    found = said(word for word in meant if word)
    yield Entry(address, found, own_words(words, name), confidence=_CONFIDENCE)


def read_scamsniffer(path: Path) -> Listed:
    """Read ``address.json``, a list, or ``combined.json``, {domain: [address]}.

    Raises
    ------
    SourceError
        It is neither.
    """
    content = read_json(path)
    by_domain = content if isinstance(content, Mapping) else {"": content}
    listed = Listed()
    for domain, addresses in by_domain.items():
        if not isinstance(addresses, list) or not all(isinstance(one, str) for one in addresses):
            raise SourceError(f"{path}: must hold a list of addresses, or one a domain")
        original = str(domain) or "ScamSniffer"
        listed.entries += [
            Entry(one, PHISHING, original, confidence=_CONFIDENCE) for one in addresses
        ]
    return listed
