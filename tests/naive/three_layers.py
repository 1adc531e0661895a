"""The slow twin of scatter-gather, bipartite groups and stacks."""

import math
from collections.abc import Iterable
from itertools import product

from features.past.history import HISTORY_CAP
from tests.naive.past import DAY, NAN, Past, Row, Transfer, ratio

ANCHORS, READ, SPAN = 32, 32, 4 * DAY
Pair = tuple[Transfer, Transfer]  # a transfer of the wallet, and one of its counterparty


def moving(transfers: Iterable[Transfer]) -> list[Transfer]:
    """Transfers that can be part of a pattern."""
    return [t for t in transfers if t.amount > 0 and t.sender != t.recipient]


def total(transfers: Iterable[Transfer]) -> float:
    """Sum of the amounts."""
    return math.fsum(t.amount for t in transfers)


def measured(past: Past, wallet: str, value: float, part: float, *, sent: bool) -> Row:
    """An amount, and ``part`` of all that was received or sent."""
    side = past.read(wallet)[sent]
    share = ratio(part, total(side)) if side else NAN
    return {"amount": value if side else NAN, "share": share}


def named(prefix: str, values: Row) -> Row:
    """Values under longer names."""
    return {f"{prefix}_{name}": value for name, value in values.items()}


def anchors(past: Past, wallet: str) -> tuple[list[Transfer], list[Transfer]]:
    """Latest transfers received and sent."""
    received, sent = past.read(wallet)
    return moving(received)[-ANCHORS:], moving(sent)[-ANCHORS:]


def counterparty(anchor: Transfer, wallet: str) -> str:
    """The other end of a transfer of the wallet."""
    return anchor.recipient if anchor.sender == wallet else anchor.sender


def near(
    past: Past, wallet: str, anchor: Transfer, *, pays: bool, when: str
) -> tuple[list[Transfer], bool]:
    """What is read of a counterparty near a transfer of the wallet, and whether there is more."""
    side = past.sides(counterparty(anchor, wallet))[pays]
    earlier = [t for t in side if anchor.time - SPAN <= t.time < anchor.time]
    same = [t for t in side if t.time == anchor.time]
    later = [t for t in side if anchor.time < t.time <= anchor.time + SPAN]
    if when == "later":
        return later[:READ], len(later) > READ
    if when == "earlier":
        return earlier[-READ:], len(earlier) > READ
    before, half = earlier + same, READ // 2
    return before[-half:] + later[:half], len(before) > half or len(later) > half


def met(
    past: Past, wallet: str, own: list[Transfer], *, pays: bool, when: str
) -> dict[str, list[Pair]]:
    """Third parties that the counterparties pay, or are paid by, and by which transfers."""
    parties: dict[str, list[Pair]] = {}
    for anchor in own:
        other = counterparty(anchor, wallet)
        for t in moving(near(past, wallet, anchor, pays=pays, when=when)[0]):
            party = counterparty(t, other)
            if party != wallet:
                parties.setdefault(party, []).append((anchor, t))
    return parties


def truncated(past: Past, wallet: str) -> bool:
    """Whether there is more of the wallet's transfers or of its counterparties' than is read."""
    both = past.sides(wallet)
    more = any(len(side) > HISTORY_CAP for side in both)
    more |= any(len(moving(side[-HISTORY_CAP:])) > ANCHORS for side in both)
    receipts, sendings = anchors(past, wallet)
    for own, pays, when in (
        (sendings, True, "later"),
        (receipts, False, "earlier"),
        (receipts, True, "around"),
        (sendings, False, "around"),
    ):
        more |= any(near(past, wallet, anchor, pays=pays, when=when)[1] for anchor in own)
    return more


def scatter_gather(past: Past, wallet: str) -> Row:
    """The three roles in scatter-gather."""
    receipts, sendings = anchors(past, wallet)
    targets = met(past, wallet, sendings, pays=True, when="later")
    sources = met(past, wallet, receipts, pays=False, when="earlier")
    row: Row = {}
    for role, other, parties in (("source", "targets", targets), ("target", "sources", sources)):
        widest = [widest_window(pairs, wallet) for pairs in parties.values()]
        widest = [instance for instance in widest if instance[0] >= 2]
        k, value = max(widest, default=(0, 0.0))
        values: Row = {"count": k, f"{other}_count": len(widest)}
        values |= measured(past, wallet, value, value, sent=role == "source")
        row |= named(f"scatter_gather_{role}", values)
    return row | named("scatter_gather_intermediary", intermediary(past, wallet))


def widest_window(pairs: list[Pair], wallet: str) -> tuple[int, float]:
    """Most counterparties whose pair lies within ``SPAN``, and the greatest value of so many."""
    windows = []
    for start in {anchor.time for anchor, _ in pairs}:
        if pairs[0][0].sender == wallet:
            near_start = [p for p in pairs if p[0].time >= start and p[1].time <= start + SPAN]
        else:
            near_start = [p for p in pairs if p[0].time <= start and p[1].time >= start - SPAN]
            near_start.reverse()
        passed: dict[str, float] = {}
        for anchor, t in near_start:
            passed.setdefault(counterparty(anchor, wallet), min(anchor.amount, t.amount))
        windows.append((len(passed), math.fsum(passed.values())))
    return max(windows)


def fits(receipt: Transfer, sending: Transfer, own_in: Transfer, own_out: Transfer) -> bool:
    """Both wallets received before they paid, all of it within ``SPAN``."""
    times = [receipt.time, sending.time, own_in.time, own_out.time]
    in_order = receipt.time < sending.time and own_in.time < own_out.time
    return in_order and max(times) - min(times) <= SPAN


def intermediary(past: Past, wallet: str) -> Row:
    """Widest scatter-gather that the wallet passes money on in."""
    receipts, sendings = anchors(past, wallet)
    paid = met(past, wallet, receipts, pays=True, when="around")
    paying = met(past, wallet, sendings, pays=False, when="around")
    best = [(0, 0.0, 0.0)]
    for a, b in product(receipts, sendings):
        part = min(a.amount, b.amount)
        width, value = 1, part
        for other in (paid.keys() & paying.keys()) if a.sender != b.recipient else ():
            passages = product(
                [t for anchor, t in paid[other] if anchor == a],
                [t for anchor, t in paying[other] if anchor == b],
            )
            passed = [min(c.amount, d.amount) for c, d in passages if fits(c, d, a, b)]
            if passed:
                width, value = width + 1, value + passed[0]
        if width > 1:
            best.append((width, value, part))
    widest = max(width for width, _, _ in best)
    value = max(value for width, value, _ in best if width == widest)
    part = max(part for width, _, part in best if width == widest)
    return {"count": widest} | measured(past, wallet, value, part, sent=False)


def bipartite(past: Past, wallet: str) -> Row:
    """Bipartite groups in both directions, and stacks."""
    receipts, sendings = anchors(past, wallet)
    paid = met(past, wallet, receipts, pays=True, when="around")
    paying = met(past, wallet, sendings, pays=False, when="around")
    row: Row = {}
    for d, parties in (("in", paid), ("out", paying)):
        groups = [pairs for pairs in parties.values() if shared(pairs, wallet) >= 2]
        value = total({anchor for pairs in groups for anchor, _ in pairs})
        values: Row = {
            "count": len(groups),
            "shared_count": max((shared(pairs, wallet) for pairs in groups), default=0),
        }
        values |= measured(past, wallet, value, value, sent=d == "out")
        row |= named(f"bipartite_{d}", values)
    peers = [
        peer for peer in paid.keys() & paying.keys()
        if min(shared(paid[peer], wallet), shared(paying[peer], wallet)) >= 2
        and all(
            min(pair[end].time for pair in paid[peer])
            < min(pair[end].time for pair in paying[peer])
            for end in (0, 1)
        )
    ]  # fmt: skip
    sums = [
        total({anchor for peer in peers for anchor, _ in pairs[peer]}) for pairs in (paid, paying)
    ]
    values = {"count": len(peers)} | measured(past, wallet, min(sums), min(sums), sent=False)
    return row | named("stack", values)


def shared(pairs: list[Pair], wallet: str) -> int:
    """Counterparties of the wallet among the pairs."""
    return len({counterparty(anchor, wallet) for anchor, _ in pairs})
