"""The buffer in which a kernel of the patterns view notes what it found.

A table has no use for it and passes one of size 0; the trails of a row come from the same search.
"""

from typing import NamedTuple

import numpy as np

from features.kernel import Float64s, Int64s, kernel
from features.views.patterns.legs import Record, Records

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
ALTMAN = "Altman et al. 2023, arXiv 2306.16424, section 3; windows and caps are our own"
_SHOWN = 5  # instances of a kind that are enough to look at


_INSTANCE = np.dtype(
    [("kind", np.int64), ("value", np.float64), ("first", np.int64)]
)  # the value moved, to order instances by; the first of its transfers
_TRANSFER = np.dtype([("time", np.int64), ("amount", np.float64), ("transfer", np.int64)])


class Proofs(NamedTuple):
    """Instances of patterns; the transfers of one are contiguous.

    Attributes
    ----------
    instance : records, one an instance
    transfer : records, one a transfer
    size : int64 array, shape (2,)
        Instances and transfers noted.
    """

    instance: Records
    transfer: Records
    size: Int64s


@kernel
def proofs(instances: int, transfers: int) -> Proofs:
    """Room for so many instances and transfers in all."""
    return Proofs(
        np.empty(instances, dtype=_INSTANCE),
        np.empty(transfers, dtype=_TRANSFER),
        np.zeros(2, dtype=np.int64),
    )


@kernel
def note_instance(noted: Proofs, kind: int, value: float) -> None:
    """Begin an instance; the transfers noted next are its own."""
    n = noted.size[0]
    if n < noted.instance.size:
        instance = noted.instance[n]
        instance.kind, instance.value, instance.first = kind, value, noted.size[1]
        noted.size[0] += 1


@kernel
def note_transfer(noted: Proofs, of: Record) -> None:
    """Add a transfer, a record with time, amount and transfer, to the instance begun last."""
    n = noted.size[1]
    if n < noted.transfer.size:
        noting = noted.transfer[n]
        noting.time, noting.amount, noting.transfer = of.time, of.amount, of.transfer
        noted.size[1] += 1


def trails_by_kind(noted: Proofs) -> list[list[tuple[Int64s, Float64s]]]:
    """Transfers and amounts of the instances of each kind, in order of time, the widest first."""
    n, end = noted.size.tolist()
    first = [*noted.instance["first"][:n].tolist(), end]
    value = noted.instance["value"][:n].tolist()
    order = sorted(range(n), key=lambda i: (first[i] - first[i + 1], -value[i]))
    found: list[list[tuple[Int64s, Float64s]]] = [[] for _ in PREFIXES]
    for i in order:
        of_kind = found[noted.instance["kind"][i]]
        if len(of_kind) < _SHOWN:
            part = noted.transfer[first[i] : first[i + 1]]
            part = part[np.argsort(part["time"], kind="stable")]
            of_kind.append((part["transfer"].copy(), part["amount"].copy()))
    return found
