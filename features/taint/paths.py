"""Paths between a wallet and labelled ones, from what a recorded search left."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from features.contracts.categories import CATEGORIES
from features.kernel import Int64s, Records
from features.past import ILLICIT, Past, PastLabels, PastSide
from features.taint.pieces import GROUPS, Search
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
    past: Past, search: Search, columns: Sequence[GroupColumns], *, forward: bool
) -> list[Trail]:
    """A few paths of one side, the largest first, each with all ``columns`` that it proves.

    Of each group they are one of least hops, the largest direct and the largest indirect one, then
    the largest of the others. A path's amount is the same at every hop: what of each transfer is
    the value that the labelled wallet received or sent.

    Parameters
    ----------
    past : Past
        That was searched.
    search : Search
        With its ends recorded.
    columns : sequence of GroupColumns
        One of each of ``GROUPS``.
    forward : bool
        Whether what was sent was followed onward.
    """
    side = past.outgoing if forward else past.incoming
    groups = _groups(found(search), past.labels)
    shown = set().union(*(_shown(search, groups, group) for group in range(len(GROUPS))))
    order = sorted(shown, key=lambda place: (-search.ends["value"][place], place))
    trails = []
    for place in order:
        of_end, path = groups[:, place].tolist(), path_of(side, search, place)
        trails.append(
            Trail(
                tuple(name for group in of_end for name in _proven(search, columns, group, place)),
                path[::-1] if forward else path,
                np.full(path.size, float(search.ends["value"][place])),
                CATEGORIES[of_end[1] - 2],
            )
        )
    return trails


def found(search: Search) -> Records:
    """Ends that a search recorded."""
    return search.ends[: search.tally["ends"][0]]


def path_of(side: PastSide, search: Search, place: int) -> Int64s:
    """Transfers from the labelled end at ``place`` to the wallet, as rows of the ledger's log."""
    end, pieces = search.ends[place], search.pieces
    path, parent = [int(end["place"])], int(end["parent"])
    while parent >= 0:
        path.append(int(pieces["place"][parent]))
        parent = int(pieces["parent"][parent])
    return side.transfer[path].astype(np.int64)


def _groups(ends: Records, labels: PastLabels) -> Int64s:
    """Places in ``GROUPS`` of the two groups of each end: by label, and by category."""
    event = ends["event"]
    by_label = np.where(labels.label[event] == ILLICIT, 0, 1)
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
    search: Search, columns: Sequence[GroupColumns], group: int, place: int
) -> tuple[str, ...]:
    """Columns of a group that the path to an end of it proves."""
    hops, named = search.ends["hops"][place], columns[group]
    of_kind = named.direct if hops == 1 else named.indirect
    return (*of_kind, named.hops) if hops == search.hops[group] else of_kind
