"""Slow twin: what is read of a wallet around a transfer, and what is settled in transactions."""

from typing import NamedTuple

from features.contracts.categories import CATEGORIES, category_place
from features.past import HISTORY_CAP
from features.taint.pieces import Caps
from features.taint.reading import SCANNED
from tests.naive.past import Label, Past, Transfer, sums_by_transaction, transaction_of


class Entry(NamedTuple):
    """A transfer of a wallet: what was settled inside its transaction and what was not."""

    transfer: Transfer
    amount: float
    inside: float = 0.0
    same: bool = False  # of the transaction that is followed, and settled in part


class Known(NamedTuple):
    """What is known of a wallet around one transfer; sums of what else came before."""

    wallet: str
    before: list[Entry]
    itself: Entry
    after: list[Entry]
    received: float
    sent: float


def like_a_service(past: Past, itself: Transfer, service: int, *, forward: bool) -> bool:
    """Whether the wallet at the far end of a transfer had so many counterparties before it."""
    side = past.sides(far(itself, forward))[forward]
    before = [t for t in side if (t.time < itself.time if forward else t.time <= itself.time)]
    return len({far(t, forward) for t in before[-HISTORY_CAP:]}) >= service


def around(past: Past, itself: Transfer, caps: Caps, *, forward: bool) -> tuple[Known, bool, bool]:
    """What is read of the wallet at the far end of a transfer."""
    wallet = far(itself, forward)
    everything = merged(past, wallet)
    held = (itself, not forward) in everything
    if held:
        at = everything.index((itself, not forward))
        everything.pop(at)
    else:  # dust for its recipient: after what it received at that instant
        at = sum(
            (transfer.time, sending) <= (itself.time, False) for transfer, sending in everything
        )
    listed = [transfer for transfer, _ in everything]
    before, passed, others = nearest(listed[:at][::-1], caps.read, itself.amount)
    after, skipped, more = nearest(listed[at:], caps.read, itself.amount)
    if not forward:
        its = transaction_of(itself)
        after = [t for t in listed[at:] if t.sender == wallet and transaction_of(t) == its]
        after = [t for t in after if t.recipient != wallet][: caps.read]
    came = [t for t in others if t.recipient == wallet]
    went = [t for t in others if t.sender == wallet]
    rest = passed + came[:HISTORY_CAP] + went[:HISTORY_CAP]
    rest = [t for t in rest if t.sender != t.recipient]
    settled = settle(wallet, [*before[::-1], itself, *after], itself, held=held)
    n = len(before)
    known = Known(
        wallet, settled[:n], settled[n], settled[n + 1 :],
        sum(t.amount for t in rest if t.recipient == wallet),
        sum(t.amount for t in rest if t.sender == wallet),
    )  # fmt: skip
    missed = sum(t.amount for t in skipped) > caps.floor * itself.amount
    return known, max(len(came), len(went)) > HISTORY_CAP, bool(more) or missed


def nearest(
    listed: list[Transfer], read: int, whole: float
) -> tuple[list[Transfer], list[Transfer], list[Transfer]]:
    """The first so many; small ones that were passed over; those not looked at.

    Those to oneself are left out; ``whole`` is the amount beside which others are small.
    """
    taken: list[Transfer] = []
    passed: list[Transfer] = []
    least = whole / (SCANNED * read) if len(listed) > read else 0.0
    for place, transfer in enumerate(listed):
        if len(taken) == read or place == SCANNED * read:
            return taken, passed, listed[place:]
        if transfer.sender == transfer.recipient:
            continue
        (passed if transfer.amount < least else taken).append(transfer)
    return taken, passed, []


def settle(wallet: str, read: list[Transfer], itself: Transfer, *, held: bool) -> list[Entry]:
    """What came in and went out in one transaction cancels, each transfer of it pro rata."""
    counted = [t for t in read if held or t is not itself]
    into = sums_by_transaction(t for t in counted if t.recipient == wallet)
    out_of = sums_by_transaction(t for t in counted if t.sender == wallet)
    entries = []
    for t in read:
        came, went = into[transaction_of(t)], out_of[transaction_of(t)]
        if (t is itself and not held) or not min(came, went):
            entries.append(Entry(t, t.amount))
            continue
        part = min(came, went) / (came if t.recipient == wallet else went)
        same = held and transaction_of(t) == transaction_of(itself)
        entries.append(Entry(t, t.amount * (1 - part), t.amount * part, same))
    return entries


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

    def rank(label: Label) -> tuple[bool, float, int, bool, str]:
        judged, illicit = label.label != "none", label.label == "illicit"
        return not judged, -label.confidence, -label.known_at, not illicit, label.category

    mine = [each for each in past.labels or [] if each.wallet == wallet]
    for best in sorted(mine, key=rank):
        category = CATEGORIES[category_place(best.category)]
        if best.label != "none" or category != "other":
            return category, best.label
    return None
