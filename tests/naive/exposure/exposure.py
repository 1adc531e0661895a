"""The slow twin of the exposure view and of the taint policies.

A policy says how a part of a transfer splits over the transfers before it (or after it, for what
was sent); the search follows the largest part until it has followed as many as it may.
"""

from typing import NamedTuple

from features.contracts.categories import CATEGORIES
from features.taint.pieces import Caps
from features.views.exposure import CAPS as VIEW_CAPS
from features.views.exposure import REACH_CAPS, TOLD
from tests.naive.exposure.reach import reached
from tests.naive.exposure.reading import around, far, label_of, like_a_service
from tests.naive.exposure.rules import HAIRCUT, Pieces, Split, inside, together
from tests.naive.past import (
    NAN,
    Past,
    Row,
    Transfer,
    is_pseudo,
    mostly_settled,
    ratio,
    transaction_of,
)


class Part(NamedTuple):
    """``value`` of a transfer's amount, from ``offset`` on, so many hops from the wallet."""

    transfer: Transfer
    value: float
    offset: float
    hops: int
    path: tuple[Transfer, ...]  # from the wallet on, the transfer itself included
    sure: bool = True  # all that came before it was read in each wallet on its path


class End(NamedTuple):
    """Value that reached a labelled wallet."""

    category: str
    label: str
    hops: int
    value: float
    path: tuple[Transfer, ...]


class Search(NamedTuple):
    """Ends that were found, and the value that was followed to an end or made unsure by a cap."""

    ends: list[End]
    total: float
    searched: float
    dropped: float
    service: float  # of the value that was followed to an end, at a wallet like a service
    hidden: float  # of it, at a transaction that stands between its payers and payees
    nearest: float  # hops to a wallet like a service, nan: to none


def exposure(past: Past, wallet: str) -> Row:
    """One row of the exposure view."""
    row: Row = {}
    known = past.labels is not None
    truncated = 0.0 if known else NAN
    for d, forward in (("in", False), ("out", True)):
        empty = not past.read(wallet)[forward] or not known
        found = search(past, wallet, HAIRCUT[forward], VIEW_CAPS, forward=forward)
        paths, least_service, cut = reached(past, wallet, REACH_CAPS, forward=forward)
        row[f"paths_truncated_{d}_ratio"] = NAN if empty else float(cut)
        for group in ("illicit", "licit", *CATEGORIES):
            ends = [end for end in found.ends if group in (end.label, end.category)]
            for kind, hops in (("direct", {1}), ("indirect", range(2, VIEW_CAPS.hops + 1))):
                amount = sum(end.value for end in ends if end.hops in hops)
                row[f"{group}_{kind}_{d}_amount"] = NAN if empty else amount
                row[f"{group}_{kind}_{d}_share"] = NAN if empty else ratio(amount, found.total)
            nearest = [end.hops for end in ends]
            nearest += [
                hops for (label, category), hops in paths.items() if group in (label, category)
            ]
            row[f"{group}_{d}_hops"] = min(nearest, default=NAN)
        near = [hops for hops in (found.nearest, least_service) if hops == hops]
        row[f"service_like_{d}_hops"] = min(near, default=NAN)
        row[f"service_like_{d}_share"] = NAN if empty else ratio(found.service, found.total)
        row[f"hidden_{d}_share"] = NAN if empty else ratio(found.hidden, found.total)
        own, read = past.sides(wallet)[forward], past.read(wallet)[forward]
        part = len(read) / len(own) if own else NAN
        row[f"searched_{d}_share"] = NAN if empty else ratio(found.searched, found.total) * part
        if known and (found.dropped > TOLD * found.total or len(own) > len(read)):
            truncated = 1.0
    return {
        f"exposure_{name}": value for name, value in (row | {"truncated_ratio": truncated}).items()
    }


def search(past: Past, wallet: str, split: Split, caps: Caps, *, forward: bool) -> Search:
    """Follow the value of one side."""
    own = list(reversed(past.read(wallet)[forward]))
    total = searched = dropped = service = hidden = 0.0
    nearest = NAN
    for transfer in own:
        total += transfer.amount
    ends, parts = [], []
    for transfer in own:
        end = label_of(past, far(transfer, forward)) if far(transfer, forward) != wallet else None
        if far(transfer, forward) == wallet:
            searched += transfer.amount
        elif end and transfer.amount:
            searched += transfer.amount
            ends.append(End(*end, 1, transfer.amount, (transfer,)))
        elif is_pseudo(far(transfer, forward)):
            searched, hidden = searched + transfer.amount, hidden + transfer.amount
        elif transfer.amount:
            parts.append(Part(transfer, transfer.amount, 0.0, 1, (transfer,)))
    followed = 0
    parts.sort(key=lambda part: -part.value)
    while parts and followed < caps.followed and parts[0].value >= caps.floor * total:
        part = parts.pop(0)
        followed += 1
        pieces, (rest, older, left), earlier, later = expand(
            past, part, split, caps, forward=forward
        )
        sure = part.sure and not earlier
        ended = 0.0 if later else rest
        dropped += rest - ended + older
        ended, service = ended + left, service + left
        if left:
            nearest = min(part.hops, nearest) if nearest == nearest else part.hops
        for transfer, value, offset in reversed(pieces):
            other, hops, path = far(transfer, forward), part.hops + 1, (*part.path, transfer)
            if value == 0:
                continue
            if other == wallet:
                ended += value
            elif value < caps.floor * total:
                dropped += value
            elif end := label_of(past, other):
                ended += value
                ends.append(End(*end, hops, value, path))
            elif is_pseudo(other):
                ended, hidden = ended + value, hidden + value
            elif hops == caps.hops:
                dropped += value
            else:
                parts.append(Part(transfer, value, offset, hops, path, sure))
        if sure:
            searched += ended
        else:
            dropped += ended
        parts.sort(key=lambda part: -part.value)  # stable: of equal ones the first discovered
    dropped += sum(part.value for part in parts)
    return Search(ends, total, searched, dropped, service, hidden, nearest)


def expand(
    past: Past, part: Part, split: Split, caps: Caps, *, forward: bool
) -> tuple[Pieces, tuple[float, float, float], bool, bool]:
    """Split a part over the transfers of the wallet at its far end.

    Also: the value that they do not hold, of unknown origin, of older money, left at a wallet like
    a service; and whether earlier and later ones are missing.
    """
    known, earlier, later = around(past, part.transfer, caps, forward=forward)
    if like_a_service(past, part.transfer, caps.service, forward=forward):
        through = part.value * known.itself.inside / (known.itself.inside + known.itself.amount)
        pieces = together(known, inside(known, through))
        return pieces, (0.0, 0.0, part.value - through), earlier, later and forward
    pieces, rest = split(known, part.value, part.offset)
    return pieces, (*rest, 0.0), earlier, later and forward


def poisoned(
    past: Past, transfer: Transfer, wallet: str, *, forward: bool
) -> dict[tuple[str, str], int]:
    """Category and label of all that taints a transfer of a wallet, with the least hops."""
    least: dict[tuple[str, str], int] = {}
    level = [transfer]
    for hops in range(1, 17):
        following = []
        for each in level:
            other = far(each, forward)
            end = label_of(past, other)
            if other == wallet or not each.amount:
                continue
            if end:
                least.setdefault(end, hops)
            if end or is_pseudo(other):
                continue
            side = past.sides(other)[forward]
            swapped = mostly_settled(past, each, other)
            following += [
                t
                for t in side
                if (t.time >= each.time if forward else t.time <= each.time)
                and (
                    transaction_of(t) == transaction_of(each)
                    or not (swapped or mostly_settled(past, t, other))
                )
            ]
        level = list(dict.fromkeys(following))
    return least
