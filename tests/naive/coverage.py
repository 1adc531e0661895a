"""The slow twin of the coverage view."""

from tests.naive.past import DAY, NAN, Past, Row


def coverage(past: Past, wallet: str) -> Row:
    """One row of the coverage view."""
    received, sent = past.sides(wallet)
    read_in, read_out = past.read(wallet)
    n, times = len(received) + len(sent), [t.time for t in received + sent]
    days = {(past.as_of - t.time - 1) // DAY for t in read_in + read_out}
    return {
        "coverage_in_count": len(received),
        "coverage_out_count": len(sent),
        "coverage_age_s": (past.as_of - min(times)) / 1e6 if n else NAN,
        "coverage_active_days_count": len(days),
        "coverage_truncated_share": 1 - (len(read_in) + len(read_out)) / n if n else 0.0,
        "coverage_unpriced_in_count": sum(t.recipient == wallet for t in past.unpriced),
        "coverage_unpriced_out_count": sum(t.sender == wallet for t in past.unpriced),
    }
