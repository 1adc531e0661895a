"""What other installed packages add: their views, estimators and sources, found by entry points.

A package that is installed beside walletrisk names its objects in its own ``pyproject.toml``::

    [project.entry-points."walletrisk.views"]
    mine = "my_package.my_view:MINE"
"""

from collections import Counter
from collections.abc import Collection
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from features.errors import RiskError
from features.view import View
from features.views import VIEWS

VIEW_GROUP, ESTIMATOR_GROUP, SOURCE_GROUP = (
    f"walletrisk.{what}" for what in ("views", "estimators", "sources")
)


def installed_names(group: str, *, own: Collection[str] = ()) -> dict[str, EntryPoint]:
    """Entry points of a group, by name, none of them loaded yet; errors as for `installed`."""
    found = sorted(entry_points(group=group), key=lambda point: (point.name, point.value))
    twice = [name for name, n in Counter(point.name for point in found).items() if n > 1]
    if twice:
        raise RiskError(
            f"{group}: {twice[0]!r} is the name of {_places(found, twice[0])}; uninstall all but "
            "one of these packages"
        )
    ours = [point.name for point in found if point.name in own]
    if ours:
        raise RiskError(
            f"{group}: {_places(found, ours[0])} takes the name {ours[0]!r}, which is one of ours"
        )
    return {point.name: point for point in found}


def load_installed(point: EntryPoint) -> Any:
    """Object behind an entry point; an error in that package's code is a clear line."""
    try:
        return point.load()
    except Exception as error:  # noqa: BLE001  whatever another package's import may raise
        raise RiskError(
            f"{point.group}: {point.name!r} of package {_package(point)} cannot be loaded from "
            f"{point.value}: {type(error).__name__}: {error}"
        ) from error


def installed(group: str, *, own: Collection[str] = ()) -> dict[str, Any]:
    """Load all entry points of a group.

    Parameters
    ----------
    group : str
        ``walletrisk.views``, ``walletrisk.estimators`` or ``walletrisk.sources``.
    own : collection of str
        Names that are taken already; for views those of ours.

    Returns
    -------
    dict
        Name to object, in order of name.

    Raises
    ------
    RiskError
        One cannot be loaded, two have one name, or one has a name of ours.
    """
    taken = {*own, *(view.name for view in VIEWS)} if group == VIEW_GROUP else own
    points = installed_names(group, own=taken)
    return {name: load_installed(point) for name, point in points.items()}


def all_views() -> tuple[View, ...]:
    """Our views, then those of installed packages, in order of name.

    Raises
    ------
    RiskError
        As for :func:`installed`, or an entry point is no :class:`features.view.View` of its name.
    """
    guests = installed(VIEW_GROUP)
    for name, view in guests.items():
        if not isinstance(view, View):
            raise RiskError(f"{VIEW_GROUP}: {name!r} is a {type(view).__name__}, wanted a View")
        if view.name != name:
            raise RiskError(
                f"{VIEW_GROUP}: the entry point {name!r} holds the view {view.name!r}; "
                "both must have one name"
            )
    return (*VIEWS, *guests.values())


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "unknown"


def _places(points: list[EntryPoint], name: str) -> str:
    """Where one name is defined."""
    same = [point for point in points if point.name == name]
    return " and ".join(f"{point.value} (package {_package(point)})" for point in same)
