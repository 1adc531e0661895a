"""JSON files that others may have written: whatever is wrong with one is told in one line."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from features.errors import RiskError

MAX_BYTES = 64 << 20


def read_json(path: Path) -> Any:
    """Read a JSON file of moderate size.

    Parameters
    ----------
    path : Path
        Anything but a regular file is refused unopened: a pipe would be waited for.

    Raises
    ------
    RiskError
        It is missing, too large, not UTF-8, no JSON, or nested too deeply.
    """
    return parse_json(path, read_regular(path, MAX_BYTES))


def parse_json(path: Path, content: bytes) -> Any:
    """Parse what was read of a file; raises as :func:`read_json`."""
    try:
        return json.loads(content.decode("utf-8"))
    except RecursionError:
        raise RiskError(f"{path} is nested too deeply") from None
    except ValueError as error:
        raise RiskError(f"{path} is no JSON: {error}") from None


def read_regular(path: Path, limit: int) -> bytes:
    """Read a regular file of at most ``limit`` bytes; raises as :func:`read_json`."""
    try:
        if not path.is_file():
            raise RiskError(
                f"{path}{' is no regular file' if path.exists() else ': No such file or directory'}"
            )
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise RiskError(f"{path} cannot be read: {error.strerror}") from None
    if len(content) > limit:
        raise RiskError(f"{path} has more than {limit} bytes")
    return content


def without_nan(value: Any) -> Any:
    """Return a value for JSON, which has no nan and no infinity: null instead, at any depth."""
    if isinstance(value, Mapping):
        return {name: without_nan(one) for name, one in value.items()}
    if isinstance(value, list):
        return [without_nan(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
