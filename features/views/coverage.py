"""Coverage: how much history stands behind a row."""

from dataclasses import replace

import numpy as np

from features.kernel import Rows
from features.past import (
    DAY,
    HISTORY_CAP,
    SECOND,
    Past,
    PastSide,
    Question,
    UnpricedPast,
    ask,
    cut,
    first_time,
    inner_kernel,
    kernel,
    past_with_unpriced,
)
from features.view import View, of_both, per_side, places

_SIDE = (("{d}_count", "transfers {did} in the whole history before as_of, read or not"),)
_BOTH = (
    ("age_s", "age of the wallet: from its first transfer to as_of"),
    (
        "active_days_count",
        "24-hour periods, counted back from as_of, with a transfer of either direction",
    ),
    (
        "truncated_share",
        f"share of the transfers left unread: a row reads the latest {HISTORY_CAP:,} received "
        f"and the latest {HISTORY_CAP:,} sent",
    ),
)
_UNPRICED = per_side(
    "coverage",
    (
        "unpriced_{d}_count",
        f"transfers {{did}} whose value is not known, of the latest {HISTORY_CAP:,} of no known "
        "value or of none: no other column counts them",
    ),
)
_COLUMNS = (
    *per_side("coverage", *_SIDE),
    *of_both("coverage", *_BOTH),
    *(replace(column, unasked=True) for column in _UNPRICED),  # anyone can make a worthless token
)
_AT = places(*_COLUMNS)


@kernel
def _coverage(given: UnpricedPast, out: Rows) -> None:
    past = given.past
    for row in range(out.shape[0]):
        asked, line = ask(past, row), out[row]
        received, sent = asked.received, asked.sent
        total = received.total + sent.total
        line[_AT.coverage_in_count], line[_AT.coverage_out_count] = received.total, sent.total
        line[_AT.coverage_active_days_count] = line[_AT.coverage_truncated_share] = 0.0
        line[_AT.coverage_unpriced_in_count] = _unknown(given.incoming, asked.wallet)
        line[_AT.coverage_unpriced_out_count] = _unknown(given.outgoing, asked.wallet)
        if total:
            read = (received.end - received.first) + (sent.end - sent.first)
            oldest = first_time(past.incoming.time, past.outgoing.time, received, sent)
            line[_AT.coverage_age_s] = (asked.as_of - oldest) / SECOND
            line[_AT.coverage_active_days_count] = _active_days(past, asked)
            line[_AT.coverage_truncated_share] = 1.0 - read / total


@inner_kernel
def _unknown(side: PastSide, wallet: int) -> int:
    """Transfers of a wallet whose value is not known."""
    amount, own, n = side.amount, cut(side, wallet), 0
    for place in range(own.first, own.end):
        n += np.isnan(amount[place])
    return n


@inner_kernel
def _active_days(past: Past, asked: Question) -> int:
    """Periods of 24 hours before ``as_of`` with a transfer that is read."""
    received, sent = past.incoming.time, past.outgoing.time
    first_in, first_out = asked.received.first, asked.sent.first
    i, j = asked.received.end - 1, asked.sent.end - 1
    days, last_day = 0, -1
    while i >= first_in or j >= first_out:  # both sides, the latest first
        if j < first_out or (i >= first_in and received[i] >= sent[j]):
            time = received[i]
            i -= 1
        else:
            time = sent[j]
            j -= 1
        day = (asked.as_of - 1 - time) // DAY
        if day != last_day:
            days += 1
            last_day = day
    return days


COVERAGE = View("coverage", 2, _COLUMNS, _coverage, given=past_with_unpriced)
