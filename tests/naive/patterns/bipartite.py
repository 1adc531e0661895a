"""The slow twin of bipartite groups and stacks."""

from tests.naive.past import Past, Row
from tests.naive.patterns.legs import measured, named, total
from tests.naive.patterns.meetings import anchors, met, shared


def bipartite(past: Past, wallet: str) -> Row:
    """Bipartite groups in both directions, and stacks."""
    receipts, sendings = anchors(past, wallet)
    paid = met(past, wallet, receipts, pays=True, when="around")
    paying = met(past, wallet, sendings, pays=False, when="around")
    row: Row = {}
    for d, far_wallets in (("in", paid), ("out", paying)):
        groups = [pairs for pairs in far_wallets.values() if shared(pairs, wallet) >= 2]
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
