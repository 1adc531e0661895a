"""The formats of lists of known wallets. A new one is a reader, a test, and a line in ``LISTS``."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from features.errors import SourceError
from features.sources.labels.etherscan import read_etherscan, read_scamsniffer
from features.sources.labels.listed import Listed
from features.sources.labels.misp import read_misp
from features.sources.labels.ofac import read_ofac
from features.sources.labels.reported import read_darklist, read_ftm, read_ransomwhere
from features.sources.labels.sdn import read_sdn
from features.sources.labels.stix import read_stix
from features.sources.labels.tagpack import read_tagpack


class ListFormat(NamedTuple):
    """A format of lists.

    Attributes
    ----------
    read : callable
    files : tuple of str
        Which files of a repository are of the list, where its user names none.
    licence : str
        Under which such lists are published; empty where that differs.
    """

    read: Callable[[Path], Listed]
    files: tuple[str, ...]
    licence: str = ""


LISTS: Mapping[str, ListFormat] = {
    "tagpack": ListFormat(read_tagpack, ("packs/*.yaml", "*.yaml"), ""),
    "ofac": ListFormat(read_ofac, ("sanctioned_addresses_*.txt", "data.csv"), "public domain"),
    "ofac-sdn": ListFormat(read_sdn, ("sdn_advanced.xml",), "public domain"),
    "misp": ListFormat(read_misp, ("*.json",)),
    "stix": ListFormat(read_stix, ("*.json",)),
    "etherscan-labels": ListFormat(read_etherscan, ("combinedAllLabels.json",)),
    "scamsniffer": ListFormat(read_scamsniffer, ("combined.json",), "GPL-3.0"),
    "darklist": ListFormat(read_darklist, ("addresses-darklist.json",), "MIT"),
    "ransomwhere": ListFormat(read_ransomwhere, ("*.json",)),
    "ftm": ListFormat(read_ftm, ("*.json",)),
}


def list_format(name: str) -> ListFormat:
    """Format of a name.

    Raises
    ------
    SourceError
        There is none.
    """
    if name not in LISTS:
        raise SourceError(f"unknown format of labels {name!r}; there are {', '.join(LISTS)}, table")
    return LISTS[name]
