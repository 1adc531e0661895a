"""Where a run comes from: the commit, its input files by hash, and its configuration in full."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import training
from features.ledger.folder import MANIFEST
from training.config import ENCODER_FILE, ConfigError, RunConfig

_PIECE_BYTES = 1 << 20
_CODE = ("--", ":/*.py", ":/*.toml")
_BARE = re.compile("[A-Za-z0-9_-]+")  # keys that need no quotes


def git_commit() -> str:
    """Return the commit of the checkout that runs, ``+changes`` where tracked files differ.

    ``unknown`` where the code is no checkout.
    """
    here = Path(training.__file__).resolve().parent

    def git(*arguments: str) -> str:
        try:
            done = subprocess.run(  # noqa: S603 - constant arguments
                ["git", *arguments],  # noqa: S607 - whichever git the user has
                cwd=here, capture_output=True, text=True, check=False,
            )  # fmt: skip
        except OSError:  # there is no git
            return ""
        return done.stdout.strip() if done.returncode == 0 else ""

    # an installed package may lie inside somebody else's repository
    head = git("rev-parse", "HEAD") if git("ls-files", "--", "__init__.py") else ""
    if not head:
        return "unknown"
    return f"{head}+changes" if git("status", "--porcelain", "-uno", *_CODE) else head


def input_hashes(config: RunConfig) -> dict[str, dict[str, str]]:
    """Return path and sha256 of every input, by its key.

    Of a ledger that of its manifest, of an encoder that of its description, which holds the
    weights' own.

    Raises
    ------
    ConfigError
        If a file cannot be read.
    """
    files = {
        name: (path, path / MANIFEST if path.is_dir() else path)
        for name, path in config.data
        if isinstance(path, Path)
    }
    files |= {
        f"encoder {number}": (folder, folder / ENCODER_FILE)
        for number, folder in enumerate(config.encoders, 1)
    }
    return {
        name: {"path": str(path), "sha256": _hash(file)} for name, (path, file) in files.items()
    }


def changes(
    told: Mapping[str, Mapping[str, str]], now: Mapping[str, Mapping[str, str]]
) -> list[str]:
    """Say which inputs are no longer what they were, a line each."""
    return [
        f"{name} is not what it was: {now[name]['path']}, sha256 {was['sha256'][:12]} -> "
        f"{now[name]['sha256'][:12]}"
        for name, was in told.items()
        if now[name]["sha256"] != was["sha256"]
    ]


def config_text(config: RunConfig) -> str:
    """Return a configuration as TOML, with every default; it reads back equal."""
    content = config.model_dump(mode="python", exclude_none=True)
    lines = ["# every key as it was used; walletrisk train reads it"]
    for section, keys in content.items():
        tables = {name: value for name, value in keys.items() if isinstance(value, dict)}
        plain = {name: value for name, value in keys.items() if name not in tables}
        lines += ["", f"[{section}]", *_lines(plain)]
        for name, value in tables.items():
            lines += ["", f"[{section}.{name}]", *_lines(value)]
    return "\n".join(lines) + "\n"


def _lines(keys: Mapping[str, Any]) -> list[str]:
    return [
        f"{name if _BARE.fullmatch(name) else _quoted(name)} = {_toml(value)}"
        for name, value in keys.items()
    ]


def _toml(value: Any) -> str:
    """Return a value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_toml(one) for one in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(_lines(value))}}}"
    return _quoted(str(value))


def _quoted(text: str) -> str:
    """Return a basic string of TOML (v1.0.0, "String")."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    escaped = "".join(
        f"\\u{ord(one):04x}" if ord(one) < 32 or ord(one) == 127 else one for one in escaped
    )
    return f'"{escaped}"'


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as content:
            while piece := content.read(_PIECE_BYTES):
                digest.update(piece)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    return digest.hexdigest()
