"""The slow twin of the exposure view and of the taint policies.

A policy says how a part of a transfer splits over the transfers before it (or after it, for what
was sent); the search follows the largest part until it has followed as many as it may.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from features.contracts.categories import CATEGORIES, category_place
from features.taint.pieces import Caps
from features.taint.reading import SCANNED
from features.views.exposure import CAPS as VIEW_CAPS
from tests.naive.past import NAN, Label, Past, Row, Transfer, ratio


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


Pieces = list[tuple[Transfer, float, float]]  # transfer, value, offset
Split = Callable[
    [list[Transfer], list[Transfer], Transfer, str, float, float], tuple[Pieces, float]
]


def exposure(past: Past, wallet: str) -> Row:
    """One row of the exposure view."""
    row: Row = {}
    known = past.labels is not None
    truncated = 0.0 if known else NAN
    for d, forward in (("in", False), ("out", True)):
        empty = not past.read(wallet)[forward] or not known
        found = search(past, wallet, HAIRCUT[forward], VIEW_CAPS, forward=forward)
        for group in ("illicit", "licit", *CATEGORIES):
            ends = [end for end in found.ends if group in (end.label, end.category)]
            for kind, hops in (("direct", {1}), ("indirect", range(2, VIEW_CAPS.hops + 1))):
                amount = sum(end.value for end in ends if end.hops in hops)
                row[f"{group}_{kind}_{d}_amount"] = NAN if empty else amount
                row[f"{group}_{kind}_{d}_share"] = NAN if empty else ratio(amount, found.total)
            row[f"{group}_{d}_hops"] = min((end.hops for end in ends), default=NAN)
        own, read = past.sides(wallet)[forward], past.read(wallet)[forward]
        part = len(read) / len(own) if own else NAN
        row[f"searched_{d}_share"] = NAN if empty else ratio(found.searched, found.total) * part
        if known and (found.dropped > VIEW_CAPS.floor * found.total or len(own) > len(read)):
            truncated = 1.0
    return {
        f"exposure_{name}": value for name, value in (row | {"truncated_ratio": truncated}).items()
    }


def search(past: Past, wallet: str, split: Split, caps: Caps, *, forward: bool) -> Search:
    """Follow the value of one side."""
    own = list(reversed(past.read(wallet)[forward]))
    total = searched = dropped = 0.0
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
        elif transfer.amount:
            parts.append(Part(transfer, transfer.amount, 0.0, 1, (transfer,)))
    followed = 0
    parts.sort(key=lambda part: -part.value)
    while parts and followed < caps.followed and parts[0].value >= caps.floor * total:
        part = parts.pop(0)
        followed += 1
        pieces, rest, earlier, later = expand(past, part, split, caps, forward=forward)
        sure = part.sure and not earlier
        ended = 0.0 if later else rest
        dropped += rest - ended
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
    return Search(ends, total, searched, dropped)


def expand(
    past: Past, part: Part, split: Split, caps: Caps, *, forward: bool
) -> tuple[Pieces, float, bool, bool]:
    """Split a part over the transfers of the wallet at its far end.

    Also: the value that they do not hold, and whether earlier and later ones were not looked at.
    """
    wallet = far(part.transfer, forward)
    everything = merged(past, wallet)
    itself, instant = (part.transfer, not forward), (part.transfer.time, False)
    if itself in everything:
        at = everything.index(itself)
        everything.pop(at)
    else:  # dust for its recipient: after what it received at that instant
        at = sum((transfer.time, sending) <= instant for transfer, sending in everything)
    before, after = (
        [transfer for transfer, _ in some] for some in (everything[:at], everything[at:])
    )
    whole = part.transfer.amount
    before, earlier = nearest(reversed(before), caps.read, whole, caps.floor)
    after, later = nearest(after, caps.read, whole, caps.floor)
    pieces, rest = split(before[::-1], after, part.transfer, wallet, part.value, part.offset)
    return pieces, rest, earlier, later and forward


def nearest(
    transfers: Iterable[Transfer], read: int, whole: float, floor: float
) -> tuple[list[Transfer], bool]:
    """The first so many, small ones and those to oneself passed over; whether others are missing.

    ``whole`` is the amount beside which they are small.
    """
    taken: list[Transfer] = []
    listed, passed = list(transfers), 0.0
    least = whole / (SCANNED * read) if len(listed) > read else 0.0
    for place, transfer in enumerate(listed):
        if len(taken) == read or place == SCANNED * read:
            return taken, True
        if transfer.sender == transfer.recipient:
            continue
        if transfer.amount < least:
            passed += transfer.amount
        else:
            taken.append(transfer)
    return taken, passed > floor * whole


def merged(past: Past, wallet: str) -> list[tuple[Transfer, bool]]:
    """A wallet's transfers, and whether it sent them: receipts before sendings at one instant."""
    received, sent = past.sides(wallet)
    both = [(transfer, False) for transfer in received] + [(transfer, True) for transfer in sent]
    return sorted(both, key=lambda each: (each[0].time, each[1]))


def far(transfer: Transfer, forward: bool) -> str:
    """The end of a transfer that a search comes to."""
    return transfer.recipient if forward else transfer.sender


def label_of(past: Past, wallet: str) -> tuple[str, str] | None:
    """Category and label of a wallet, as far as known."""

    def rank(label: Label) -> tuple[float, int, bool, str]:
        return -label.confidence, -label.known_at, not label.illicit, label.category

    best = min(
        (each for each in past.labels or [] if each.wallet == wallet), key=rank, default=None
    )
    if best is None:
        return None
    return CATEGORIES[category_place(best.category)], "illicit" if best.illicit else "licit"


def haircut_back(
    before: list[Transfer], _after: list[Transfer], sending: Transfer, wallet: str, value: float,
    _offset: float,
) -> tuple[Pieces, float]:  # fmt: skip
    """Run the balance up to a sending; of a receipt it takes what earlier sendings left."""
    kept, balance = {}, 0.0
    for transfer in before:
        if transfer.recipient == wallet:
            balance += transfer.amount
        else:
            left = max(balance - transfer.amount, 0.0)
            kept[transfer] = left / balance if balance else 0.0
            balance = left
    pieces: Pieces = []
    share = value / max(balance, sending.amount)
    for transfer in reversed(before):
        if transfer.recipient == wallet:
            pieces.insert(0, (transfer, transfer.amount * share, 0.0))
        else:
            share *= kept[transfer]
    return pieces, max(value * (1 - balance / sending.amount), 0.0)


def haircut_ahead(
    before: list[Transfer], after: list[Transfer], receipt: Transfer, wallet: str, value: float,
    _offset: float,
) -> tuple[Pieces, float]:  # fmt: skip
    """Run the balance on from a receipt: each sending takes its part of what is left."""
    balance = held(before, wallet) + receipt.amount
    pieces, left = [], value
    for transfer in after:
        if transfer.recipient == wallet:
            balance += transfer.amount
            continue
        taken = min(transfer.amount / balance, 1.0) if balance else 1.0
        pieces.append((transfer, left * taken, 0.0))
        left = left * ((balance - transfer.amount) / balance) if taken < 1 else 0.0
        balance = max(balance - transfer.amount, 0.0)
    return pieces, left


def held(transfers: list[Transfer], wallet: str) -> float:
    """Balance after some transfers, from nothing."""
    balance = 0.0
    for transfer in transfers:
        if transfer.recipient == wallet:
            balance += transfer.amount
        else:
            balance = max(balance - transfer.amount, 0.0)
    return balance


def fifo_back(
    before: list[Transfer], _after: list[Transfer], _sending: Transfer, wallet: str, value: float,
    offset: float,
) -> tuple[Pieces, float]:  # fmt: skip
    """Queue the receipts, spend them in order, then take ``value`` after ``offset``."""
    queue: Pieces = []  # what is left of each receipt and how much of it is spent
    for transfer in before:
        if transfer.recipient == wallet:
            queue.append((transfer, transfer.amount, 0.0))
        else:
            _, queue = taken_from(queue, transfer.amount)
    _, queue = taken_from(queue, offset)
    pieces, _ = taken_from(queue, value)
    return pieces, value - sum(piece for _, piece, _ in pieces)


def taken_from(queue: Pieces, due: float) -> tuple[Pieces, Pieces]:
    """Pieces that sum to ``due`` from the head of a queue, and the queue without them."""
    taken, kept = [], []
    for receipt, amount, spent in queue:
        piece = min(due, amount)
        due -= piece
        if piece:
            taken.append((receipt, piece, spent))
        if amount > piece:
            kept.append((receipt, amount - piece, receipt.amount - (amount - piece)))
    return taken, kept


def fifo_ahead(
    before: list[Transfer], after: list[Transfer], _receipt: Transfer, wallet: str, value: float,
    offset: float,
) -> tuple[Pieces, float]:  # fmt: skip
    """Spend what came in earlier, then the first ``offset`` of the receipt, then ``value``."""
    ahead, left, pieces = held(before, wallet) + offset, value, []
    for transfer in after:
        if transfer.sender == wallet:
            waited = min(ahead, transfer.amount)
            ahead -= waited
            piece = min(transfer.amount - waited, left)
            left -= piece
            pieces.append((transfer, piece, waited))
    return pieces, left


HAIRCUT: tuple[Split, Split] = (haircut_back, haircut_ahead)
FIFO: tuple[Split, Split] = (fifo_back, fifo_ahead)


def poisoned(
    past: Past, transfer: Transfer, wallet: str, *, forward: bool
) -> dict[tuple[str, str], int]:
    """Category and label of all that taints a transfer of a wallet, with the least hops."""
    least: dict[tuple[str, str], int] = {}
    level = [transfer]
    for hops in range(1, 9):
        following = []
        for each in level:
            other = far(each, forward)
            end = label_of(past, other)
            if other == wallet or not each.amount:
                continue
            if end:
                least.setdefault(end, hops)
                continue
            side = past.sides(other)[forward]
            following += [
                t for t in side if (t.time >= each.time if forward else t.time <= each.time)
            ]
        level = list(dict.fromkeys(following))
    return least
