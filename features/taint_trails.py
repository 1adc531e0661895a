"""Paths between a wallet and labelled ones, from what a recorded search left in its memory."""

import numpy as np
import numpy.typing as npt

from features.categories import CATEGORIES
from features.label_events import ILLICIT, LabelEvents
from features.taint_pieces import FOUND, Memory
from features.trails import Trail

_PATHS = 3  # of a column


def path_trails(memory: Memory, labels: LabelEvents, *, forward: bool) -> list[Trail]:
    """The largest paths of each column of exposure of one side, those of a column together.

    A path's amount is the same at every hop: what of each transfer is the value that the labelled
    wallet received or sent.
    """
    found = memory.found[: memory.n[FOUND]]
    d = "out" if forward else "in"
    ends: dict[str, list[int]] = {}
    for place in np.argsort(-found["value"], kind="stable").tolist():
        event = found["event"][place]
        kind = "direct" if found["hops"][place] == 1 else "indirect"
        label = "illicit" if labels.label[event] == ILLICIT else "licit"
        for group in (label, CATEGORIES[labels.category[event]]):
            ends.setdefault(f"exposure_{group}_{kind}_{d}_share", []).append(place)
    return [
        _trail(column, memory, place, labels, forward)
        for column, places in sorted(ends.items())
        for place in places[:_PATHS]
    ]


def _trail(column: str, memory: Memory, place: int, labels: LabelEvents, forward: bool) -> Trail:
    path = path_of(memory, place)
    value = float(memory.found["value"][place])
    category = CATEGORIES[labels.category[memory.found["event"][place]]]
    return Trail((column,), path[::-1] if forward else path, np.full(path.size, value), category)


def path_of(memory: Memory, place: int) -> npt.NDArray[np.int64]:
    """Transfers from the labelled end at ``place`` to the wallet."""
    end, pieces = memory.found[place], memory.pieces
    path, parent = [int(end["transfer"])], int(end["parent"])
    while parent >= 0:
        path.append(int(pieces["transfer"][parent]))
        parent = int(pieces["parent"][parent])
    return np.array(path, dtype=np.int64)
