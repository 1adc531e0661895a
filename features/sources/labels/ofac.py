"""Sanctioned addresses, as lists that are made of OFAC's: text, JSON or CSV, one file an asset.

``sanctioned_addresses_ETH.txt`` (an address a line) and ``.json`` (a list) name the asset in their
name; ``data.csv`` has columns ``address`` and, if there is one, ``name``, of the designated entity.
"""

import csv
import re
from pathlib import Path

from features.errors import SourceError
from features.json_file import read_json
from features.sources.labels.listed import Entry, Listed, Said, chain_of

SANCTIONED = Said("sanctioned", "illicit")
_ASSET = re.compile(r"_([A-Za-z0-9]+)$")


def read_ofac(path: Path) -> Listed:
    """Read a list of sanctioned addresses.

    Raises
    ------
    SourceError
        The file is none of the three kinds.
    """
    asset = _ASSET.search(path.stem)
    chain = chain_of(asset[1]) if asset else ""
    if path.suffix == ".csv":
        found = _rows(path)
    elif path.suffix == ".json":
        found = [(address, "") for address in _addresses(path)]
    else:
        found = [(line.strip(), "") for line in _text(path).splitlines() if line.strip()]
    return Listed([Entry(of, SANCTIONED, name or "OFAC SDN", chain) for of, name in found])


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SourceError(f"{path}: is no text in UTF-8") from None


def _addresses(path: Path) -> list[str]:
    found = read_json(path)
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise SourceError(f"{path}: must hold a list of addresses")
    return found


def _rows(path: Path) -> list[tuple[str, str]]:
    reader = csv.DictReader(_text(path).splitlines(), skipinitialspace=True)
    if "address" not in (reader.fieldnames or ()):
        raise SourceError(
            f"{path}: no column address; received: {', '.join(reader.fieldnames or ())}"
        )
    rows = [
        (str(row["address"] or "").strip(), str(row.get("name") or "").strip()) for row in reader
    ]
    return [row for row in rows if row[0]]
