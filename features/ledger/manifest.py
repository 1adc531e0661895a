"""The manifest of a ledger's folder: which generation is in use, what it holds, and checksums.

CRC-32 of every file and of the manifest itself: it finds what a disk, a copy or a hand changed, at
several gigabytes a second. It is no signature: who can write both a file and the manifest can make
them agree.
"""

import json
import re
import zlib
from pathlib import Path
from types import UnionType
from typing import Any, NamedTuple

from features.errors import LedgerError, RiskError
from features.json_file import parse_json, read_regular
from features.ledger.files import KIND, files_of
from features.ledger.folder import GENERATION, MANIFEST

FORMAT_VERSION = 5
_FORMER_VERSION = 4  # of ledgers without kinds of wallets, in which what moves nothing counted
_ONE_ASSET_VERSION = 3  # of ledgers that could be of one asset only, and named no unit
_LARGEST_BYTES = 1 << 25  # a few thousand, and the ids of retracted transactions
_PIECE_BYTES = 1 << 20


class Manifest(NamedTuple):
    """What ``manifest.json`` holds beside the version of its format and its own checksum."""

    generation: str
    chain: str
    unit: str  # of account
    plain: bool  # all transfers are of the unit itself
    assets: int  # different ones, none in a plain ledger
    transfers: int
    unpriced: int  # transfers of no known value, or of none
    wallets: int
    dust: int  # transfers that are dust to who received them
    beginnings: int  # of histories, see features.ledger.materiality
    last_time_us: int | None
    bytes: dict[str, int]  # size of each file
    crc32: dict[str, int]
    provenance: dict[str, Any]  # see Provenance.facts

    @property
    def former(self) -> bool:
        """Whether it was written before wallets had kinds, and what moves nothing stood apart."""
        return KIND not in self.bytes

    @property
    def files(self) -> list[str]:
        """Files that the generation must have, in order of their names."""
        return files_of(self.plain, self.former)


_KINDS: dict[str, type | UnionType] = {
    "generation": str,
    "chain": str,
    "unit": str,
    "plain": bool,
    "assets": int,
    "transfers": int,
    "unpriced": int,
    "wallets": int,
    "dust": int,
    "beginnings": int,
    "last_time_us": int | None,
    "bytes": dict,
    "crc32": dict,
    "provenance": dict,
}

_ONE_ASSET = {"chain": "", "plain": True, "assets": 0, "unpriced": 0}


def manifest_text(manifest: Manifest) -> str:
    """What is written to ``manifest.json``."""
    content = {"format_version": FORMAT_VERSION, **manifest._asdict()}
    return json.dumps({**content, "checksum": _own_checksum(content)}, indent=2)


def read_manifest(directory: Path) -> Manifest:
    """Read what a folder's manifest says.

    Raises
    ------
    LedgerError
        There is none, it is of another format, or it is not as it was written.
    """
    content = _content(directory)
    version = content.get("format_version") if isinstance(content, dict) else None
    if version not in (FORMAT_VERSION, _FORMER_VERSION, _ONE_ASSET_VERSION):
        raise LedgerError(
            f"ledger {directory} has format version {version!r}, this release reads "
            f"{_ONE_ASSET_VERSION} to {FORMAT_VERSION}; ingest the transfers again"
        )
    checksum = content.pop("checksum", None)
    whole = checksum == _own_checksum(content)
    if version == _ONE_ASSET_VERSION and "asset" in content:
        content |= _ONE_ASSET | {"unit": content["asset"]}
    for name, kind in _KINDS.items():
        if name not in content or not isinstance(content[name], kind):
            raise LedgerError(f"damaged ledger {directory}: {MANIFEST} lacks a valid {name}")
    if not whole:
        raise LedgerError(f"damaged ledger {directory}: {MANIFEST} does not fit its own checksum")
    manifest = Manifest(**{name: content[name] for name in _KINDS})
    if not re.fullmatch(rf"{GENERATION}[0-9a-f]+", manifest.generation):
        raise LedgerError(f"damaged ledger {directory}: {MANIFEST} lacks a valid generation")
    return manifest


def is_of_one_asset_format(directory: Path) -> bool:
    """Whether a folder was written before there were several assets, and one spelling a wallet."""
    content = _content(directory)
    return isinstance(content, dict) and content.get("format_version") == _ONE_ASSET_VERSION


def _content(directory: Path) -> Any:
    path = directory / MANIFEST
    if not path.is_file():
        raise LedgerError(f"{directory} is no ledger: it has no {MANIFEST}")
    try:
        return parse_json(path, read_regular(path, _LARGEST_BYTES))
    except RiskError as error:
        raise LedgerError(f"damaged ledger {directory}: {MANIFEST} is no JSON ({error})") from None


def _own_checksum(content: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps(content, sort_keys=True).encode())


def checksum(path: Path) -> int:
    """CRC-32 of a file; read and not mapped, so that it stays out of the process's memory."""
    value, piece = 0, memoryview(bytearray(_PIECE_BYTES))
    with path.open("rb", buffering=0) as file:
        while size := file.readinto(piece):
            value = zlib.crc32(piece[:size], value)
    return value
