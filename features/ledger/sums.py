"""Sizes and checksums of the files of a generation."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from features.ledger.files import files_of
from features.ledger.manifest import checksum


def sums(folder: Path, *, plain: bool) -> dict[str, Any]:
    """What a manifest says of the files of a generation: ``bytes`` and ``crc32`` by name."""
    files = files_of(plain)
    return {
        "bytes": {name: (folder / name).stat().st_size for name in files},
        "crc32": dict(zip(files, checksums(folder, files), strict=True)),
    }


def checksums(
    folder: Path, files: Sequence[str], advance: Callable[[int], None] = lambda _: None
) -> list[int]:
    """Checksum of each file of a generation; ``advance`` after each."""
    found = []
    with ThreadPoolExecutor(2) as pool:
        for one in pool.map(checksum, (folder / name for name in files)):
            found.append(one)
            advance(1)
    return found
