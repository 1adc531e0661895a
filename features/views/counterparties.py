"""Counterparties: how many, how concentrated, how new, and whether money comes back."""

import math

from features.kernel import Float64s, Int64s, Rows, slot_of
from features.past import (
    WIDTHS,
    WINDOWS,
    History,
    Past,
    Question,
    ask,
    count_entropy,
    inner_kernel,
    kernel,
)
from features.past.distinct import Distinct, collect, empty_distinct
from features.view import View, blocks, of_both, per_side, places, window_places

_SIDE = (
    ("fan_{d}_count", "different {whose}"),
    ("fan_{d}_ratio", "different {whose} over transfers {did}"),
    (
        "concentration_{d}_ratio",
        "Herfindahl index: sum of the squared shares of the {whose} in the transfers {did}",
    ),
    (
        "concentration_value_{d}_ratio",
        "Herfindahl index: sum of the squared shares of the {whose} in the value {did}",
    ),
    ("top_{d}_share", "the largest {who}'s part of the value {did}"),
    (
        "entropy_{d}_ratio",
        "entropy of the shares of the {whose} in the transfers {did}, over ln of "
        "the number of {whose}: 1 if equal",
    ),
    (
        "new_{d}_share",
        "of the later half of the transfers {did}, the share with a {who} not met before",
    ),
    ("single_{d}_share", "{whose} of one transfer {did} only, over all {whose}"),
    (
        "self_{d}_share",
        "transfers {did} in which the wallet is its own counterparty, over all {did}",
    ),
    *(
        (f"fan_{{d}}_{window}_count", f"different {{whose}} in the last {window}")
        for window in WINDOWS
    ),
)
_BOTH = (
    (
        "reciprocity_share",
        "counterparties that both paid the wallet and were paid by it, over all counterparties",
    ),
    (
        "returned_share",
        "value that went both ways, over the sum sent: of each counterparty the lesser of what "
        "was sent to it and received from it",
    ),
)
_SOURCES = {
    "concentration": "Hirschman 1945; Herfindahl 1950",
    "entropy": "Shannon 1948, section 6; evenness: Pielou 1966",
    "reciprocity": "Jaccard 1912",
}
_OF, _ALL = places(*_SIDE), places(*_BOTH)  # of one side, of both
_RECENT = window_places(_OF, "fan_{}_count")


@inner_kernel
def _concentration(counts: Int64s, values: Float64s, n: int, out: Float64s) -> None:
    """Fill how ``n`` transfers and their value spread over counterparties, by counterparty."""
    total, squares, value_squares, top = 0.0, 0.0, 0.0, 0.0
    for value in values:
        total += value
    for k in range(counts.size):
        share = counts[k] / n
        squares += share * share
        if total > 0.0:
            share = values[k] / total
            value_squares += share * share
            top = max(top, share)
    out[_OF.concentration_ratio] = squares
    if total > 0.0:
        out[_OF.concentration_value_ratio], out[_OF.top_share] = value_squares, top
    if counts.size > 1:
        out[_OF.entropy_ratio] = count_entropy(counts, n) / math.log(counts.size)


@inner_kernel
def _side(memory: Distinct, fan: int, history: History, asked: Question, out: Float64s) -> None:
    """Fill the columns of one side, whose ``fan`` counterparties are in ``memory``."""
    n = history.end - history.first
    out[_OF.fan_count] = fan
    for place in _RECENT:
        out[place] = 0.0
    if n == 0:
        return
    code, counts, met, last = memory.code, memory.count, memory.first, memory.last
    single, own, new = 0, 0, 0
    for k in range(fan):
        single += counts[k] == 1
        new += met[k] >= n // 2
        if code[k] == asked.wallet:
            own = counts[k]
        for window in range(len(_RECENT)):
            out[_RECENT[window]] += last[k] >= asked.as_of - WIDTHS[window]
    _concentration(counts[:fan], memory.value[:fan], n, out)
    out[_OF.fan_ratio], out[_OF.new_share] = fan / n, new / (n - n // 2)
    out[_OF.single_share], out[_OF.self_share] = single / fan, own / n


@inner_kernel
def _both(
    senders: Distinct, recipients: Distinct, fans: tuple[int, int], mask: int, out: Float64s
) -> None:
    """Fill the columns of both sides, one of them not empty; ``mask`` is of the senders' table."""
    fan_in, fan_out = fans
    table, codes_in, values_in = senders.table, senders.code, senders.value
    codes_out, values_out = recipients.code, recipients.value
    common, returned, sent = 0, 0.0, 0.0
    for k in range(fan_out):
        at = table[slot_of(table, codes_in, mask, codes_out[k])] - 1
        if at >= 0:
            common += 1
            returned += min(values_out[k], values_in[at])
        sent += values_out[k]
    out[_ALL.reciprocity_share] = common / (fan_in + fan_out - common)
    if sent > 0.0:
        out[_ALL.returned_share] = returned / sent


@kernel
def _counterparties(past: Past, out: Rows) -> None:
    senders, recipients = empty_distinct(), empty_distinct()
    for row in range(out.shape[0]):
        asked = ask(past, row)
        received, sent, both = blocks(out[row], len(_OF))
        fan_in, mask = collect(senders, past.incoming, asked.received)
        fan_out, _ = collect(recipients, past.outgoing, asked.sent)
        _side(senders, fan_in, asked.received, asked, received)
        _side(recipients, fan_out, asked.sent, asked, sent)
        if fan_in + fan_out:
            _both(senders, recipients, (fan_in, fan_out), mask, both)


COUNTERPARTIES = View(
    "counterparties",
    2,
    (
        *per_side("counterparties", *_SIDE, sources=_SOURCES),
        *of_both("counterparties", *_BOTH, sources=_SOURCES),
    ),
    _counterparties,
)
