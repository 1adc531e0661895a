"""Labels through the states of a list: when each became known, and when it ended.

Two rows tell the same if wallet, label, category, source and confidence agree; other words for it
make no new label. A list that is read again, in whatever state, never makes a label known later
than it was.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from features.contracts.labels import Labels, check_labels
from features.contracts.times import LATEST, UTC, microseconds
from features.errors import LabelsError

KEY = ["wallet", "label", "category", "source", "confidence"]


def coalesced(labels: pd.DataFrame) -> pd.DataFrame:
    """Make one row of rows that tell the same of times that overlap: the first start, the end.

    Where one of two such rows has an end and the other none, the end stands: who did not see it
    looked before. A label that came back later is a row of its own.

    Parameters
    ----------
    labels : DataFrame
        As :func:`features.check_labels` returns them.

    Returns
    -------
    DataFrame
        In order of wallet, then time.
    """
    rows = labels.sort_values([*KEY, "known_at", "until", "original"], ignore_index=True)
    if not rows.duplicated(KEY).any():
        return _by_wallet(rows)
    told = rows.groupby(KEY, sort=False).ngroup().tolist()
    known_at, until = microseconds(rows["known_at"]).tolist(), _ends(rows["until"])
    kept, ends = list[int](), list[int]()
    for row, (key, start, end) in enumerate(zip(told, known_at, until, strict=True)):
        if kept and told[kept[-1]] == key and start < ends[-1]:
            either = sorted((end, ends[-1]))
            ends[-1] = either[0] if either[1] == _NEVER else either[1]
        else:
            kept.append(row)
            ends.append(end)
    last = pd.Series(pd.to_datetime(ends, unit="us", utc=True)).astype(UTC)
    return _by_wallet(rows.iloc[kept].assign(until=last.where(np.array(ends) != _NEVER).array))


_NEVER = microseconds(pd.Series([LATEST])).item()  # every instant of a label is before it


def _ends(until: "pd.Series[pd.Timestamp]") -> list[int]:
    """Microseconds since 1970 at which labels end; ``_NEVER`` where they do not."""
    ends: list[int] = microseconds(until.fillna(LATEST.as_unit("us"))).tolist()
    return ends


def _by_wallet(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values(["wallet", "known_at", *KEY[1:]], ignore_index=True)


class Updated(NamedTuple):
    """Labels of a file after a list was read into it.

    Attributes
    ----------
    labels : Labels
        Of this list and of all others.
    new, ended, unchanged : int
        Labels of the list that hold and did not before, the other way round, and both times.
    over : int
        Labels of the list that do not hold any more.
    """

    labels: Labels
    new: int
    ended: int
    unchanged: int
    over: int


def updated(
    old: pd.DataFrame | None, listed: pd.DataFrame, name: str, at: pd.Timestamp | None
) -> Updated:
    """Bring the labels of a list up to its state at an instant.

    Parameters
    ----------
    old : DataFrame or None
        Checked labels of this list, and of others, which stay as they are.
    listed : DataFrame
        Checked labels that the list holds at ``at``, and those of its past, if it tells them.
    name : str
        Of the list; its labels have it as their ``source``, or before a slash in it.
    at : Timestamp or None
        Of the state. What ``old`` has of the list and ``listed`` has not ends here; None: nothing
        is known of that.

    Raises
    ------
    LabelsError
        ``old`` holds a later state of the list.
    """
    if old is None:
        labels = check_labels(coalesced(listed))
        n = int(labels["until"].isna().sum())
        return Updated(labels, n, 0, 0, len(labels) - n)
    own = of_list(old["source"], name)
    before = old[own]
    left = before if at is None else _without_gone(before, listed, name, at)
    after = coalesced(check_labels(pd.concat([left, listed], ignore_index=True)))
    stays = _open(before).intersection(_open(after))
    new, lost = len(_open(after)) - len(stays), len(_open(before)) - len(stays)
    whole = check_labels(pd.concat([old[~own], after], ignore_index=True))
    return Updated(whole, new, lost, len(stays), int(after["until"].notna().sum()))


def _without_gone(
    before: pd.DataFrame, listed: pd.DataFrame, name: str, at: pd.Timestamp
) -> pd.DataFrame:
    """What was known of a list, with an end where it is no longer there."""
    _require_newer(before, name, at)
    keys = pd.MultiIndex.from_frame(listed[KEY])
    gone = ~pd.MultiIndex.from_frame(before[KEY]).isin(keys) & before["until"].isna().to_numpy()
    ended = before.assign(until=before["until"].mask(gone, at))
    # a state of the very instant takes the place of that which was read before
    return ended[~(gone & (before["known_at"] == at).to_numpy())]


def of_list(source: pd.Series, name: str) -> "pd.Series[bool]":
    """Whether labels are of a list, or of a part of it."""
    return (source == name) | source.str.startswith(f"{name}/")


def _open(labels: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(labels.loc[labels["until"].isna(), KEY]).drop_duplicates()


def _require_newer(before: pd.DataFrame, name: str, at: pd.Timestamp) -> None:
    ends = before["until"]
    past = ends[ends <= pd.Timestamp.now("UTC")]  # others are planned
    last = pd.concat([before["known_at"], past]).max()
    if last > at:
        raise LabelsError(
            f"labels: there is a state of {name} of {last.isoformat()} already, which is later "
            f"than {at.isoformat()}; read older states first, or its history"
        )
