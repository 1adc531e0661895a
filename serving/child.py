"""Processes that the endpoint starts: Python with this package, wherever it was started from."""

import os
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]


def environment() -> dict[str, str]:
    """Variables of a child, by which it imports what this process imports."""
    places = [str(_ROOT), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, places))}
