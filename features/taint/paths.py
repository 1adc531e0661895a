"""Paths between a wallet and labelled ones, from what a recorded search left in its memory."""

import numpy as np
import numpy.typing as npt

from features.contracts.categories import CATEGORIES
from features.past.known_labels import ILLICIT, LabelEvents
from features.taint.pieces import FOUND, GROUPS, Memory, Records
from features.view import Trail

_PATHS = 4  # of a group of labelled wallets


def path_trails(memory: Memory, labels: LabelEvents, *, forward: bool) -> list[Trail]:
    """A few paths of one side, the largest first, each with all columns of exposure it proves.

    Of each group they are one of least hops, the largest direct and the largest indirect one, then
    the largest of the others. A path's amount is the same at every hop: what of each transfer is
    the value that the labelled wallet received or sent.
    """
    found = memory.found[: memory.n[FOUND]]
    groups = _groups(found, labels)
    shown = set().union(*(_shown(memory, groups, group) for group in range(len(GROUPS))))
    order = sorted(shown, key=lambda place: (-found["value"][place], place))
    return [_trail(memory, groups[:, place].tolist(), place, forward) for place in order]


def _groups(found: Records, labels: LabelEvents) -> npt.NDArray[np.int64]:
    """Places in ``GROUPS`` of the two groups of each end: by label, and by category."""
    event = found["event"]
    by_label = np.where(labels.label[event] == ILLICIT, 0, 1)
    return np.stack([by_label, 2 + labels.category[event].astype(np.int64)])


def _shown(memory: Memory, groups: npt.NDArray[np.int64], group: int) -> list[int]:
    places = np.flatnonzero((groups == group).any(axis=0))
    places = places[np.argsort(-memory.found["value"][places], kind="stable")]
    hops = memory.found["hops"][places]
    kinds = hops == memory.hops[group], hops == 1, hops > 1
    first = [place for kind in kinds for place in places[kind][:1].tolist()]
    return list(dict.fromkeys([*first, *places[:_PATHS].tolist()]))[:_PATHS]


def _trail(memory: Memory, groups: list[int], place: int, forward: bool) -> Trail:
    end, path = memory.found[place], path_of(memory, place)
    d, kind = "out" if forward else "in", "direct" if end["hops"] == 1 else "indirect"
    columns = []
    for group in groups:
        name = f"exposure_{GROUPS[group]}"
        columns += [f"{name}_{kind}_{d}_amount", f"{name}_{kind}_{d}_share"]
        if end["hops"] == memory.hops[group]:
            columns.append(f"{name}_{d}_hops")
    return Trail(
        tuple(columns),
        path[::-1] if forward else path,
        np.full(path.size, float(end["value"])),
        CATEGORIES[groups[1] - 2],
    )


def path_of(memory: Memory, place: int) -> npt.NDArray[np.int64]:
    """Transfers from the labelled end at ``place`` to the wallet."""
    end, pieces = memory.found[place], memory.pieces
    path, parent = [int(end["transfer"])], int(end["parent"])
    while parent >= 0:
        path.append(int(pieces["transfer"][parent]))
        parent = int(pieces["parent"][parent])
    return np.array(path, dtype=np.int64)
