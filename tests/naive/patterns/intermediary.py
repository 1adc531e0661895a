"""The slow twin of the intermediary of scatter-gather."""

from itertools import product

from tests.naive.past import Past, Row, Transfer
from tests.naive.patterns.legs import measured, named
from tests.naive.patterns.meetings import SPAN, anchors, met


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
    values = {"count": widest} | measured(past, wallet, value, part, sent=False)
    return named("scatter_gather_intermediary", values)


def fits(receipt: Transfer, sending: Transfer, own_in: Transfer, own_out: Transfer) -> bool:
    """Both wallets received before they paid, all of it within ``SPAN``."""
    times = [receipt.time, sending.time, own_in.time, own_out.time]
    in_order = receipt.time < sending.time and own_in.time < own_out.time
    return in_order and max(times) - min(times) <= SPAN
