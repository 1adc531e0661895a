"""The slow twin of bursts and gather-scatter."""

from tests.naive.past import DAY, Past, Row, Transfer
from tests.naive.patterns.legs import measured, moving, named, total

WEEK = 7 * DAY


def bursts(past: Past, wallet: str) -> Row:
    """Fan bursts and gather-scatter."""
    received, sent = map(moving, past.read(wallet))
    row: Row = {}
    for d, transfers in (("in", received), ("out", sent)):
        row[f"fan_{d}_burst_1d_count"] = _fan(widest_burst(transfers, DAY))
        widest = widest_burst(transfers, WEEK)
        value = total(widest)
        values: Row = {"count": _fan(widest)}
        values |= measured(past, wallet, value, value, sent=d == "out")
        row |= named(f"fan_{d}_burst_7d", values)
    before, after = widest_turn(received, sent)
    value = min(total(before), total(after))
    values = {"count": min(_fan(before), _fan(after))}
    values |= measured(past, wallet, value, value, sent=False)
    return row | named("gather_scatter", values)


def _fan(transfers: list[Transfer]) -> int:
    """Different counterparties of transfers of one side."""
    return max(len({t.sender for t in transfers}), len({t.recipient for t in transfers}))


def widest_burst(transfers: list[Transfer], width: int) -> list[Transfer]:
    """Transfers of the latest of the windows with most counterparties."""
    windows = [
        [t for t in transfers if end - width < t.time <= end] for end in {t.time for t in transfers}
    ]
    return max(windows, key=lambda window: (_fan(window), window[-1].time), default=[])


def widest_turn(
    received: list[Transfer], sent: list[Transfer]
) -> tuple[list[Transfer], list[Transfer]]:
    """Both sides of the latest of the widest gather-scatters."""
    turns = [
        (
            [t for t in received if instant - WEEK < t.time <= instant],
            [t for t in sent if instant < t.time <= instant + WEEK],
        )
        for instant in sorted({t.time for t in received})
    ]
    turns = [turn for turn in turns if turn[1]]
    return max(turns, key=lambda t: (min(map(_fan, t)), t[0][-1].time), default=([], []))
