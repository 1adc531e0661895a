"""Who made which version the champion, when and why: tags of the registry, and the way back."""

from __future__ import annotations

import getpass
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from features.view import View
from training import tracking
from training.tracking import CHAMPION, TrackingError, Version

PREFIX = "champion."  # of the tags, one a change, that together are the history
NOBODY = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A version became the champion.

    Parameters
    ----------
    at
        When, ISO 8601 UTC.
    by, why
        Who said so, and what for.
    how
        By the gate, or back to a former one.
    version, before
        The new champion, and the one before it; empty if there was none.
    """

    at: str
    by: str
    why: str
    how: Literal["promote", "rollback"]
    version: str
    before: str


def history(name: str, *, tracking_uri: str | None) -> tuple[Change, ...]:
    """Return all changes of the champion that were made by this package, in order of time."""
    with tracking.store(tracking_uri) as client:
        if not client.search_registered_models(filter_string=f"name = '{name}'"):
            return ()
        tags = client.get_registered_model(name).tags
    return tuple(Change(**json.loads(tags[key])) for key in sorted(tags) if key.startswith(PREFIX))


def crown(
    version: Version, *, how: Literal["promote", "rollback"], why: str, tracking_uri: str | None
) -> Change:
    """Point the alias ``champion`` to a version, and write down who, when and why.

    Parameters
    ----------
    version
        The new champion.
    how, why
        See :class:`Change`.
    tracking_uri
        MLflow store.

    Notes
    -----
    The alias is set first: a history that misses a change shows it, one that tells of a change that
    was not made would lead a rollback astray.
    """
    before = tracking.champion(version.name, tracking_uri=tracking_uri)
    now = datetime.now(UTC)
    former = NOBODY if before is None else before.number
    change = Change(
        now.isoformat(timespec="microseconds"), _who(), why, how, version.number, former
    )
    tracking.crown(version, tracking_uri=tracking_uri)
    with tracking.store(tracking_uri) as client:
        key = f"{PREFIX}{now:%Y%m%dT%H%M%S.%f}"
        client.set_registered_model_tag(version.name, key, json.dumps(asdict(change)))
        told = {"at": change.at, "by": change.by, "why": why, "how": how}
        for what, number in (("crowned", version.number), ("replaced", former)):
            for word, value in told.items() if number else ():
                client.set_model_version_tag(version.name, number, f"{what}_{word}", value)
    return change


def rollback(name: str, *, why: str, tracking_uri: str | None, views: tuple[View, ...]) -> Change:
    """Make the former champion the champion again.

    Parameters
    ----------
    name
        Registered name.
    why
        What for.
    tracking_uri
        MLflow store.
    views
        That the former champion may read.

    Raises
    ------
    RiskError
        If there is no champion, none before it is known, or the one before it is gone or cannot be
        loaded by this release: the champion stays.
    """
    from training.risk_model import RiskModel

    now = tracking.champion(name, tracking_uri=tracking_uri)
    if now is None:
        raise TrackingError(f"{name} has no champion to roll back from")
    held = reigns(history(name, tracking_uri=tracking_uri), now.number)
    if len(held) < 2:
        raise TrackingError(
            f"version {now.number} of {name} is the champion, and none before it is known"
        )
    former = tracking.find(name, held[-2], tracking_uri=tracking_uri)
    folder = tracking.resolve(f"models:/{name}/{former.number}", tracking_uri=tracking_uri)
    RiskModel.load(folder, views=views)
    return crown(former, how="rollback", why=why, tracking_uri=tracking_uri)


def reigns(changes: Sequence[Change], champion: str) -> list[str]:
    """Return the champions that a rollback would go back through, the present one last.

    Parameters
    ----------
    changes
        In order of time.
    champion
        That the alias points to now; it may have been set by other means.

    Examples
    --------
    >>> def step(how, version, before):
    ...     return Change("", "", "", how, version, before)
    >>> first, second = step("promote", "1", ""), step("promote", "2", "1")
    >>> reigns([first, second], "2")
    ['1', '2']
    >>> reigns([first, second, step("rollback", "1", "2")], "1")
    ['1']
    >>> reigns([first], "9")
    ['1', '9']
    """
    held: list[str] = []

    def takes_over(version: str) -> None:
        if version and held[-1:] != [version]:
            held.append(version)

    for change in changes:
        takes_over(change.before)
        if change.how == "rollback":
            held[-1:] = []
        takes_over(change.version)
    takes_over(champion)
    return held


def versions(name: str, *, tracking_uri: str | None) -> list[Version]:
    """Return all versions, the newest first.

    Raises
    ------
    TrackingError
        If there are none.
    """
    with tracking.store(tracking_uri) as client:
        found = client.search_model_versions(f"name = '{name}'")
    numbers = sorted((int(one.version) for one in found), reverse=True)
    if not numbers:
        raise TrackingError(f"there is no version of {name!r}; walletrisk train makes one")
    return [tracking.find(name, str(number), tracking_uri=tracking_uri) for number in numbers]


def logged(version: Version, file: str, folder: Path, *, tracking_uri: str | None) -> Path | None:
    """Fetch a file that a version's run logged; None where it logged none of that name."""
    with tracking.store(tracking_uri) as client:
        if file not in {item.path for item in client.list_artifacts(version.run_id)}:
            return None
        return Path(client.download_artifacts(version.run_id, file, str(folder)))


def _who() -> str:
    """Name of the user, as the system knows it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "unknown"


__all__ = ["CHAMPION", "Change", "crown", "history", "logged", "reigns", "rollback", "versions"]
