"""The slow twin of the meetings: what is read around a wallet's latest legs, and who is met."""

from typing import NamedTuple

from features.past import HISTORY_CAP
from tests.naive.past import DAY, Past, Transfer, is_pseudo
from tests.naive.patterns.legs import moving

ANCHORS, TRANSFERS_READ, SPAN = 32, 32, 4 * DAY


class Pair(NamedTuple):
    """A transfer of the wallet, and one of its counterparty."""

    anchor: Transfer
    other: Transfer


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
    other = counterparty(anchor, wallet)
    side = [] if is_pseudo(other) else past.sides(other)[pays]
    earlier = [t for t in side if anchor.time - SPAN <= t.time < anchor.time]
    same = [t for t in side if t.time == anchor.time]
    later = [t for t in side if anchor.time < t.time <= anchor.time + SPAN]
    if when == "later":
        return later[:TRANSFERS_READ], len(later) > TRANSFERS_READ
    if when == "earlier":
        return earlier[-TRANSFERS_READ:], len(earlier) > TRANSFERS_READ
    before, half = earlier + same, TRANSFERS_READ // 2
    return before[-half:] + later[:half], len(before) > half or len(later) > half


def met(
    past: Past, wallet: str, own: list[Transfer], *, pays: bool, when: str
) -> dict[str, list[Pair]]:
    """Far wallets that the counterparties pay, or are paid by, and by which transfers."""
    pairs: dict[str, list[Pair]] = {}
    for anchor in own:
        other = counterparty(anchor, wallet)
        for t in moving(near(past, wallet, anchor, pays=pays, when=when)[0]):
            far = counterparty(t, other)
            if far != wallet and not is_pseudo(far):
                pairs.setdefault(far, []).append(Pair(anchor, t))
    return pairs


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


def shared(pairs: list[Pair], wallet: str) -> int:
    """Counterparties of the wallet among the pairs."""
    return len({counterparty(anchor, wallet) for anchor, _ in pairs})
