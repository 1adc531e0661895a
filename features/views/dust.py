"""Dust: what came in and does not count, because anyone can send it.

No other view sees it, and no model learns from it unless its columns are named: a wallet has no say
in what it is sent. What dust is, and why, says :mod:`features.ledger.materiality`. It is what did
not count when it came, and what came before the wallet's history began.
"""

from dataclasses import replace

from features.kernel import Rows, slot_of, table_mask
from features.past import (
    HISTORY_CAP,
    SECOND,
    DustPast,
    History,
    PastSide,
    Question,
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
_TEMPLATES = (
    ("in_count", "receipts of dust in the whole history before as_of, read or not"),
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
def _recency(given: DustPast, asked: Question, dust: History, early: History) -> float:
    """Seconds since the latest of some dust and some early receipts, one of them not empty."""
    came, counted = given.dust.time, given.past.incoming.time
    latest = came[dust.end - 1] if dust.total else counted[early.end - 1]
    if dust.total and early.total:
        latest = max(latest, counted[early.end - 1])
    return float((asked.as_of - latest) / SECOND)


@kernel
def _dust(given: DustPast, out: Rows) -> None:
    past, came, memory = given.past, given.dust, empty_distinct()
    for row in range(out.shape[0]):
        asked, line = ask(past, row), out[row]
        dust, early = cut(came, asked.wallet), set_aside(past.incoming, asked.wallet)
        line[_AT.in_count] = dust.total + early.total
        line[_AT.senders_count] = 0.0
        read = asked.received.end - asked.received.first
        if dust.total + early.total == 0:
            if read:
                line[_AT.in_share] = 0.0
            continue
        early = _latest(early, HISTORY_CAP - (dust.end - dust.first))
        n = dust.end - dust.first + early.end - early.first
        mask = table_mask(2 * n)
        for slot in range(mask + 1):
            memory.table[slot] = 0
        fan = _senders(came, dust, memory, mask, 0)
        line[_AT.senders_count] = _senders(past.incoming, early, memory, mask, fan)
        value = _sum(came, dust) + _sum(past.incoming, early)
        counted = _sum(past.incoming, asked.received)
        if value + counted > 0.0:
            line[_AT.in_share] = value / (value + counted)
        line[_AT.recency_s] = _recency(given, asked, dust, early)


_COLUMNS = tuple(replace(column, unasked=True) for column in of_both("dust", *_TEMPLATES))
DUST = View("dust", 1, _COLUMNS, _dust, given=past_with_dust)
