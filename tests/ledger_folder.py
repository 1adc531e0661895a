"""A saved ledger's folder: what is in it, and how someone would change it unseen."""

import json
from pathlib import Path

from features.errors import LedgerError
from features.ledger.manifest import Manifest, checksum, manifest_text

BASE = [(0, "a", "b", 1.0), (10, "b", "c", 2.0), (20, "c", "a", 3.0)]


def one_line(error: LedgerError) -> bool:
    return "\n" not in str(error)


def manifest_of(directory: Path) -> dict[str, object]:
    return dict(json.loads((directory / "manifest.json").read_text()))


def rewrite(directory: Path, **changes: object) -> None:
    """Change what a manifest says, as someone would who makes its own checksum fit again."""
    content = manifest_of(directory) | changes
    del content["format_version"], content["checksum"]
    (directory / "manifest.json").write_text(manifest_text(Manifest(**content)))  # type: ignore[arg-type]


def reseal(directory: Path) -> None:
    """Make sizes and checksums fit what is in the files now."""
    files = sorted(generation(directory).iterdir())
    sizes = {path.name: path.stat().st_size for path in files}
    rewrite(directory, bytes=sizes, crc32={path.name: checksum(path) for path in files})


def generation(directory: Path) -> Path:
    return directory / str(manifest_of(directory)["generation"])


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def contents(directory: Path) -> dict[str, bytes]:
    files = (path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in files}
