"""The buffer in which a kernel of the patterns view notes the instances that it found.

A table has no use for it and passes one of size 0; the trails of a row come from the same search.
"""

from typing import Any, NamedTuple

import numpy as np

from features.kernel import Float64s, Int64s, Records, inner_kernel

ALTMAN = "Altman et al. 2023, arXiv 2306.16424, section 3; windows and caps are our own"
_SHOWN = 5  # instances of a kind that are enough to look at


class Kinds(NamedTuple):
    """What an instance is of; the names of the columns that it proves begin with this one."""

    fan_in_burst_1d: int = 0
    fan_in_burst_7d: int = 1
    fan_out_burst_1d: int = 2
    fan_out_burst_7d: int = 3
    gather_scatter: int = 4
    scatter_gather_source: int = 5
    scatter_gather_target: int = 6
    scatter_gather_intermediary: int = 7


KIND = Kinds()
_INSTANCE = np.dtype(
    [
        ("kind", np.int64),
        ("value", np.float64),  # moved, to order instances by; whole units of the asset
        ("first", np.int64),  # place of the first of its transfers
    ]
)
_TRANSFER = np.dtype([("time", np.int64), ("amount", np.float64), ("transfer", np.int64)])


class Instances(NamedTuple):
    """Instances of patterns; the transfers of one are contiguous.

    Attributes
    ----------
    instance : records, one an instance
    transfer : records, one a transfer
        Its time (microseconds since 1970 UTC), amount and row in the ledger's log.
    size : int64 array, shape (2,)
        Instances and transfers noted.
    """

    instance: Records
    transfer: Records
    size: Int64s


def empty_instances(instances: int, transfers: int) -> Instances:
    """Room for so many instances and transfers in all."""
    return Instances(
        np.empty(instances, dtype=_INSTANCE),
        np.empty(transfers, dtype=_TRANSFER),
        np.zeros(2, dtype=np.int64),
    )


@inner_kernel
def note_instance(noted: Instances, kind: int, value: float) -> None:
    """Begin an instance; the transfers noted next are its own."""
    n = noted.size[0]
    if n < noted.instance.size:
        instance = noted.instance[n]
        instance.kind, instance.value, instance.first = kind, value, noted.size[1]
        noted.size[0] += 1


@inner_kernel
def note_transfer(noted: Instances, of: Any) -> None:
    """Add a transfer, a record with time, amount and transfer, to the instance begun last."""
    n = noted.size[1]
    if n < noted.transfer.size:
        noting = noted.transfer[n]
        noting.time, noting.amount, noting.transfer = of.time, of.amount, of.transfer
        noted.size[1] += 1


def by_kind(noted: Instances) -> dict[str, list[tuple[Int64s, Float64s]]]:
    """Transfers and amounts of the instances of each kind, in order of time, the widest first."""
    n, end = noted.size.tolist()
    first = [*noted.instance["first"][:n].tolist(), end]
    value = noted.instance["value"][:n].tolist()
    order = sorted(range(n), key=lambda i: (first[i] - first[i + 1], -value[i]))
    found: dict[str, list[tuple[Int64s, Float64s]]] = {kind: [] for kind in KIND._fields}
    for i in order:
        of_kind = found[KIND._fields[noted.instance["kind"][i]]]
        if len(of_kind) < _SHOWN:
            part = noted.transfer[first[i] : first[i + 1]]
            part = part[np.argsort(part["time"], kind="stable")]
            of_kind.append((part["transfer"].copy(), part["amount"].copy()))
    return found
