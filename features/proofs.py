"""The buffer in which a kernel of the patterns view notes what it found.

A table has no use for it and passes one of size 0; the trails of a row come from the same search.
"""

from typing import NamedTuple

import numpy as np

from features._numba import kernel
from features.slices import Float64s, Int32s, Int64s

(
    FAN_IN_1D, FAN_IN_7D, FAN_OUT_1D, FAN_OUT_7D, GATHER_SCATTER,
    SOURCE, TARGET, INTERMEDIARY, BIPARTITE_IN, BIPARTITE_OUT, STACK,
) = range(11)  # fmt: skip


PREFIXES = (  # of the columns that an instance of each kind proves
    "patterns_fan_in_burst_1d",
    "patterns_fan_in_burst_7d",
    "patterns_fan_out_burst_1d",
    "patterns_fan_out_burst_7d",
    "patterns_gather_scatter",
    "patterns_scatter_gather_source",
    "patterns_scatter_gather_target",
    "patterns_scatter_gather_intermediary",
    "patterns_bipartite_in",
    "patterns_bipartite_out",
    "patterns_stack",
)
_SHOWN = 5  # instances of a kind that are enough to look at


class Proofs(NamedTuple):
    """Proofs, one an instance of a pattern; the transfers of a proof are contiguous.

    Attributes
    ----------
    kind : int64 array, one an instance
    value : float64 array, one an instance: the value moved, to order instances by
    first : int64 array, one an instance: its first transfer
    time, amount, transfer : arrays, one a transfer
    size : int64 array, shape (2,)
        Instances and transfers noted.
    """

    kind: Int64s
    value: Float64s
    first: Int64s
    time: Int64s
    amount: Float64s
    transfer: Int32s
    size: Int64s


@kernel
def proofs(instances: int, transfers: int) -> Proofs:
    """Room for so many instances and transfers in all."""
    return Proofs(
        np.empty(instances, dtype=np.int64), np.empty(instances),
        np.empty(instances, dtype=np.int64), np.empty(transfers, dtype=np.int64),
        np.empty(transfers), np.empty(transfers, dtype=np.int32), np.zeros(2, dtype=np.int64),
    )  # fmt: skip


@kernel
def note_instance(noted: Proofs, kind: int, value: float) -> None:
    """Begin an instance; the transfers noted next are its own."""
    n = noted.size[0]
    if n < noted.kind.size:
        noted.kind[n], noted.value[n], noted.first[n] = kind, value, noted.size[1]
        noted.size[0] += 1


@kernel
def note_transfer(noted: Proofs, time: int, amount: float, transfer: int) -> None:
    """Add a transfer to the instance begun last."""
    n = noted.size[1]
    if n < noted.time.size:
        noted.time[n], noted.amount[n], noted.transfer[n] = time, amount, transfer
        noted.size[1] += 1


def trails_by_kind(noted: Proofs) -> list[list[tuple[Int64s, Float64s]]]:
    """Transfers and amounts of the instances of each kind, in order of time, the widest first."""
    n, end = noted.size.tolist()
    first = [*noted.first[:n].tolist(), end]
    order = sorted(range(n), key=lambda i: (first[i] - first[i + 1], -noted.value[i]))
    found: list[list[tuple[Int64s, Float64s]]] = [[] for _ in PREFIXES]
    for i in order:
        of_kind = found[noted.kind[i]]
        if len(of_kind) < _SHOWN:
            part = slice(first[i], first[i + 1])
            in_time = np.argsort(noted.time[part], kind="stable")
            transfers = noted.transfer[part][in_time].astype(np.int64)
            of_kind.append((transfers, noted.amount[part][in_time]))
    return found
