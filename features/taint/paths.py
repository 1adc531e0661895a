"""Paths between a wallet and labelled ones, from what a recorded search left."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from features.contracts.categories import CATEGORIES
from features.kernel import Float64s, Int64s, Records
from features.past import ILLICIT, NO_VERDICT, Past, PastLabels, PastSide
from features.taint.pieces import GROUPS, Search
from features.taint.reach import Reach
from features.view import Trail

_PATHS = 4  # of a group of labelled wallets


class GroupColumns(NamedTuple):
    """Names of the columns of one of ``GROUPS`` on one side.

    Attributes
    ----------
    direct, indirect : tuple of str
        Of value found at one hop, and at more.
    hops : str
        Of the least hops.
    """

    direct: tuple[str, ...]
    indirect: tuple[str, ...]
    hops: str


def path_trails(
    past: Past,
    search: Search,
    reach: Reach,
    columns: Sequence[GroupColumns],
    *,
    forward: bool,
) -> list[Trail]:
    """A few paths of one side, the largest first, each with all ``columns`` that it proves.

    Of each group they are one of least hops, the largest direct and the largest indirect one, then
    the largest of the others. A path's amount is the same at every hop, the value that the labelled
    wallet received or sent, or the whole transfer where that is less; of a path that is shown for
    its few hops alone, which may mix with other money, it is its smallest transfer.

    Parameters
    ----------
    past : Past
        That was searched.
    search : Search
        With its ends recorded.
    reach : Reach
        Of the same side.
    columns : sequence of GroupColumns
        One of each of ``GROUPS``.
    forward : bool
        Whether what was sent was followed onward.
    """
    side = past.outgoing if forward else past.incoming
    groups = _groups(found(search), past.labels)
    shown = set().union(*(_shown(search, groups, group) for group in range(len(GROUPS))))
    order = sorted(shown, key=lambda place: (-search.ends["value"][place], place))
    trails, least = [], least_hops(search, reach)
    for place in order:
        of_end, path = groups[:, place].tolist(), path_of(search, place)
        named = (
            _proven(search, least, columns[group], group, place) for group in of_end if group >= 0
        )
        trails.append(
            _trail(
                side, tuple(name for names in named for name in names), path,
                float(search.ends["value"][place]), of_end[1] - 2, forward=forward,
            )
        )  # fmt: skip
    return _with_nearest(trails, _nearest(past, reach, least, columns, forward=forward))


def least_hops(search: Search, reach: Reach) -> Float64s:
    """Least hops to each of ``GROUPS`` that either search found, nan where there is none."""
    reached = reach.best["hops"].astype(np.float64)
    return np.fmin(search.hops, np.where(reached > 0, reached, np.nan))


def _trail(
    side: PastSide, names: tuple[str, ...], path: Int64s, value: float, category: int,
    *, forward: bool,
) -> Trail:  # fmt: skip
    """Trail of a path, which is given by places from the labelled end on."""
    path = path[::-1] if forward else path
    amounts = np.minimum(side.amount[path], value)
    return Trail(names, side.transfer[path].astype(np.int64), amounts, CATEGORIES[category])


def _nearest(
    past: Past, reach: Reach, least: Float64s, columns: Sequence[GroupColumns], *, forward: bool
) -> list[Trail]:
    """Of each group the path of least hops that the search for any path found."""
    side, trails = past.outgoing if forward else past.incoming, []
    for group, best in enumerate(reach.best):
        if best["hops"] != least[group]:
            continue
        path, parent = [int(best["place"])], int(best["parent"])
        while parent >= 0:
            path.append(int(reach.nodes["place"][parent]))
            parent = int(reach.nodes["parent"][parent])
        category = int(past.labels.category[best["event"]])
        names = (columns[group].hops,)
        trails.append(
            _trail(side, names, np.array(path), float(best["value"]), category, forward=forward)
        )
    return trails


def _with_nearest(trails: list[Trail], nearest: list[Trail]) -> list[Trail]:
    """Trails that prove values, then what the nearest ones prove and they do not."""
    for near in nearest:
        if any(near.columns[0] in trail.columns for trail in trails):
            continue
        same = [k for k, trail in enumerate(trails) if _same(trail, near)]
        if same:
            trail = trails[same[0]]
            trails[same[0]] = replace(trail, columns=trail.columns + near.columns)
        else:
            trails.append(near)
    return trails


def _same(one: Trail, other: Trail) -> bool:
    """Whether two trails are of the same transfers."""
    return np.array_equal(one.transfers, other.transfers)


def found(search: Search) -> Records:
    """Ends that a search recorded."""
    return search.ends[: search.tally["ends"][0]]


def path_of(search: Search, place: int) -> Int64s:
    """Transfers from the labelled end at ``place`` to the wallet, as places of their side."""
    end, pieces = search.ends[place], search.pieces
    path, parent = [int(end["place"])], int(end["parent"])
    while parent >= 0:
        path.append(int(pieces["place"][parent]))
        parent = int(pieces["parent"][parent])
    return np.array(path)


def _groups(ends: Records, labels: PastLabels) -> Int64s:
    """Places in ``GROUPS`` of the two groups of each end: by verdict (-1: none), by category."""
    event = ends["event"]
    label = labels.label[event]
    by_label = np.where(label == NO_VERDICT, -1, np.where(label == ILLICIT, 0, 1))
    return np.stack([by_label, 2 + labels.category[event].astype(np.int64)])


def _shown(search: Search, groups: Int64s, group: int) -> list[int]:
    """Places of the ends of a group whose paths are shown."""
    places = np.flatnonzero((groups == group).any(axis=0))
    places = places[np.argsort(-search.ends["value"][places], kind="stable")]
    hops = search.ends["hops"][places]
    kinds = hops == search.hops[group], hops == 1, hops > 1
    first = [place for kind in kinds for place in places[kind][:1].tolist()]
    return list(dict.fromkeys([*first, *places[:_PATHS].tolist()]))[:_PATHS]


def _proven(
    search: Search, least: Float64s, named: GroupColumns, group: int, place: int
) -> tuple[str, ...]:
    """Columns of a group that the path to an end of it proves."""
    hops = search.ends["hops"][place]
    of_kind = named.direct if hops == 1 else named.indirect
    return (*of_kind, named.hops) if hops == least[group] else of_kind
