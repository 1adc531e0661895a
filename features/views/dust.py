"""Dust: what came in and does not count, because anyone can send it.

No other view sees it, and no model learns from it unless its columns are named: a wallet has no say
in what it is sent. What dust is, and why, says :mod:`features.ledger.materiality`. It is what did
not count when it came, and what came before the wallet's history began; and transfers of nothing,
in which a wallet has no say as their sender, either: anyone can call a token's ``transferFrom``
with 0 in its name, so that a look-alike address stands among those that it paid (address
poisoning).
"""

from dataclasses import replace

import numpy as np

from features.kernel import Int64s, Rows, slot_of, table_mask
from features.past import (
    HISTORY_CAP,
    SECOND,
    DustPast,
    History,
    PastSide,
    ask,
    cut,
    inner_kernel,
    kernel,
    past_with_dust,
    set_aside,
)
from features.past.distinct import Distinct, empty_distinct
from features.view import View, of_both, places

_READ = f"the latest {HISTORY_CAP:,} receipts of dust"
_OF_NOTHING = f"of the latest {HISTORY_CAP:,} of no known value or of none"
_TEMPLATES = (
    (
        "in_count",
        "receipts of dust in the whole history before as_of, read or not, and receipts of nothing "
        f"{_OF_NOTHING}",
    ),
    ("out_count", f"transfers of nothing, {_OF_NOTHING}, in the wallet's name as the sender"),
    ("senders_count", f"different senders of {_READ}"),
    (
        "in_share",
        f"value of {_READ}, over that and the value of the receipts that count and are read",
    ),
    ("recency_s", "from the latest receipt of dust to as_of"),
)
_AT = places(*_TEMPLATES)


@inner_kernel
def _sum(side: PastSide, history: History) -> float:
    amount, total = side.amount, 0.0
    for i in range(history.first, history.end):
        total += amount[i]
    return total


@inner_kernel
def _senders(side: PastSide, history: History, memory: Distinct, mask: int, fan: int) -> int:
    """Put senders among the ``fan`` that ``memory`` holds; returns how many there are."""
    counterparty, table, code = side.counterparty, memory.table, memory.code
    for i in range(history.first, history.end):
        slot = slot_of(table, code, mask, counterparty[i])
        if table[slot] == 0:
            code[fan] = counterparty[i]
            fan += 1
            table[slot] = fan
    return fan


@inner_kernel
def _latest(history: History, most: int) -> History:
    """The latest so many of some transfers."""
    return History(max(history.first, history.end - most), history.end, history.total)


@inner_kernel
def _latest_time(side: PastSide, end: int, latest: int) -> int:
    """The later of an instant and that of the transfer before a place."""
    return int(max(latest, side.time[end - 1]))


@inner_kernel
def _of_nothing(side: PastSide, wallet: int, places: Int64s) -> int:
    """Fill places of a wallet's transfers of nothing, the latest first; returns their number."""
    amount, own, n = side.amount, cut(side, wallet), 0
    for place in range(own.end - 1, own.first - 1, -1):
        if amount[place] == 0.0:
            places[n] = place
            n += 1
    return n


@kernel
def _dust(given: DustPast, out: Rows) -> None:
    past, came, memory = given.past, given.dust, empty_distinct()
    places = np.empty(HISTORY_CAP, dtype=np.int64)
    for row in range(out.shape[0]):
        asked, line = ask(past, row), out[row]
        dust, early = cut(came, asked.wallet), set_aside(past.incoming, asked.wallet)
        line[_AT.out_count] = _of_nothing(given.outgoing, asked.wallet, places)
        nothing = _of_nothing(given.incoming, asked.wallet, places)
        line[_AT.in_count] = dust.total + early.total + nothing
        line[_AT.senders_count] = 0.0
        read = asked.received.end - asked.received.first
        if dust.total + early.total + nothing == 0:
            if read:
                line[_AT.in_share] = 0.0
            continue
        latest = np.iinfo(np.int64).min
        if dust.total:
            latest = _latest_time(came, dust.end, latest)
        if early.total:
            latest = _latest_time(past.incoming, early.end, latest)
        if nothing:
            latest = _latest_time(given.incoming, places[0] + 1, latest)
        line[_AT.recency_s] = (asked.as_of - latest) / SECOND
        early = _latest(early, HISTORY_CAP - (dust.end - dust.first))
        n = dust.end - dust.first + early.end - early.first
        nothing = min(nothing, HISTORY_CAP - n)
        mask = table_mask(2 * (n + nothing))
        for slot in range(mask + 1):
            memory.table[slot] = 0
        fan = _senders(came, dust, memory, mask, 0)
        fan = _senders(past.incoming, early, memory, mask, fan)
        for k in range(nothing):
            one = History(places[k], places[k] + 1, 1)
            fan = _senders(given.incoming, one, memory, mask, fan)
        line[_AT.senders_count] = fan
        value = _sum(came, dust) + _sum(past.incoming, early)
        counted = _sum(past.incoming, asked.received)
        if value + counted > 0.0:
            line[_AT.in_share] = value / (value + counted)


_COLUMNS = tuple(replace(column, unasked=True) for column in of_both("dust", *_TEMPLATES))
DUST = View("dust", 2, _COLUMNS, _dust, given=past_with_dust)
