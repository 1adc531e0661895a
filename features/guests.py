"""What other installed packages add, found by their entry points."""

from importlib.metadata import entry_points
from typing import Any

from features.view import View
from features.views import VIEWS


def installed(group: str) -> dict[str, Any]:
    """Objects of an entry point group, by name."""
    return {one.name: one.load() for one in entry_points(group=group)}


def all_views() -> tuple[View, ...]:
    """Our views, then those of the entry points ``walletrisk.views``."""
    return (*VIEWS, *installed("walletrisk.views").values())
