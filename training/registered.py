"""Names of models in a registry: ``models:/name@alias`` and ``models:/name/version``."""

from __future__ import annotations

from features.errors import RiskError

PREFIX = "models:/"


def parts(uri: str) -> tuple[str, str]:
    """Return name and version, an alias with its ``@``.

    Raises
    ------
    RiskError
        If it is no such name.

    Examples
    --------
    >>> parts("models:/walletrisk@champion"), parts("models:/walletrisk/3")
    (('walletrisk', '@champion'), ('walletrisk', '3'))
    """
    rest = uri.removeprefix(PREFIX)
    name, at, version = rest.rpartition("@" if "@" in rest else "/")
    if not (name and version):
        raise RiskError(f"{uri!r} is no registered model: models:/name@alias or models:/name/3")
    return name, at.strip("/") + version
