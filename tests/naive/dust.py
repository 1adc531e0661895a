"""The slow twin of the dust view."""

from features.past import HISTORY_CAP
from tests.naive.past import NAN, Past, Row


def dust(past: Past, wallet: str) -> Row:
    """One row of the dust view."""
    everything, counted = past.dust.get(wallet, []), past.read(wallet)[0]
    nothing = [t for t in past.nothing if t.recipient == wallet]
    came = [t for t in everything if not t.early][-HISTORY_CAP:]
    early = [t for t in everything if t.early]
    read = [t.transfer for t in came + early[len(early) - (HISTORY_CAP - len(came)) :]] + nothing
    value, others = sum(t.amount for t in read), sum(t.amount for t in counted)
    share = value / (value + others) if value + others else NAN
    return {
        "dust_in_count": len(everything) + len(nothing),
        "dust_out_count": sum(t.sender == wallet for t in past.nothing),
        "dust_senders_count": len({t.sender for t in read}),
        "dust_in_share": share if everything or nothing or not counted else 0.0,
        "dust_recency_s": (past.as_of - max(t.time for t in read)) / 1e6 if read else NAN,
    }
