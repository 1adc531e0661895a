"""The slow twin of the assets view."""

from math import log

from tests.naive.past import NAN, Past, Row, Transfer

KIND = {"ETH": "native", "BTC": "native", "USDC": "stablecoin", "USDT": "stablecoin"}


def assets(past: Past, wallet: str) -> Row:
    """One row of the assets view."""
    sides = dict(zip(("in", "out"), past.read(wallet), strict=True))
    swaps = [swap for tx in sorted(tx_of(sides["in"])) if (swap := swapped(sides, wallet, tx))]
    row: Row = {"assets_swaps_count": len(swaps)}
    for d, side in sides.items():
        total = sum(t.amount for t in side)
        held = {t.asset: 0.0 for t in side}
        for t in side:
            held[t.asset] += t.amount
        row[f"assets_different_{d}_count"] = len(held)
        parts = [value / total for value in held.values() if value] if total else []
        row[f"assets_entropy_{d}_ratio"] = -sum(p * log(p) for p in parts) if total else NAN
        for kind in ("stablecoin", "native", "other"):
            of = sum(v for asset, v in held.items() if KIND.get(asset, "other") == kind)
            row[f"assets_{kind}_{d}_share"] = of / total if total else NAN
        row[f"assets_swapped_{d}_share"] = min(sum(swaps) / total, 1.0) if total else NAN
    return row


def tx_of(side: list[Transfer]) -> set[tuple[int, str]]:
    """Transactions of some transfers."""
    return {(t.time, t.tx_id) for t in side}


def swapped(sides: dict[str, list[Transfer]], wallet: str, tx: tuple[int, str]) -> float:
    """Value that a wallet converted in a transaction, 0 where it did not."""
    came, went = (
        [t for t in sides[d] if (t.time, t.tx_id) == tx and t.amount and t.sender != t.recipient]
        for d in ("in", "out")
    )
    several = {t.asset for t in came + went}
    return min(sum(t.amount for t in came), sum(t.amount for t in went)) if len(several) > 1 else 0
