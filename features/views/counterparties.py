"""Counterparties: how many, how concentrated, how new, and whether money comes back."""

import math

import numpy as np

from features.kernel import Float64s, Int32s, Int64s, Rows, kernel
from features.ledger.slices import Sides
from features.past.distinct import Distinct, collect, empty_distinct, place_of
from features.past.entropy import count_entropy
from features.past.history import cut
from features.past.known_labels import LabelEvents
from features.past.windows import WINDOWS
from features.view import Column, View, per_side, unconverted

_WINDOWS = np.array(list(WINDOWS.values()), dtype=np.int64)
_N_SIDE = 13


@kernel
def _side(memory: Distinct, fan: int, n: int, code: int, as_of: int, out: Float64s) -> None:
    out[:] = np.nan
    out[0] = fan
    out[9:_N_SIDE] = 0.0
    if n == 0:
        return
    total = 0.0
    for k in range(fan):
        total += memory.value[k]
    squares, value_squares, top = 0.0, 0.0, 0.0
    single, own, new = 0, 0, 0
    for k in range(fan):
        share = memory.count[k] / n
        squares += share * share
        single += memory.count[k] == 1
        new += memory.first[k] >= n // 2
        if memory.code[k] == code:
            own = memory.count[k]
        if total > 0.0:
            value_squares += (memory.value[k] / total) ** 2
            top = max(top, memory.value[k] / total)
        for window in range(_WINDOWS.size):
            out[9 + window] += memory.last[k] >= as_of - _WINDOWS[window]
    out[1], out[2] = fan / n, squares
    if total > 0.0:
        out[3], out[4] = value_squares, top
    out[5] = count_entropy(memory.count[:fan], n) / math.log(fan) if fan > 1 else np.nan
    out[6], out[7], out[8] = new / (n - n // 2), single / fan, own / n


@kernel
def _counterparties(sides: Sides, codes: Int32s, as_of: Int64s, out: Rows) -> None:
    senders, recipients = empty_distinct(), empty_distinct()
    for row in range(codes.size):
        code, instant = codes[row], as_of[row]
        first_in, end_in, _ = cut(sides.incoming, code, instant)
        first_out, end_out, _ = cut(sides.outgoing, code, instant)
        fan_in, mask = collect(senders, sides.incoming, first_in, end_in)
        fan_out, _ = collect(recipients, sides.outgoing, first_out, end_out)
        _side(senders, fan_in, end_in - first_in, code, instant, out[row, :_N_SIDE])
        _side(
            recipients, fan_out, end_out - first_out, code, instant, out[row, _N_SIDE : 2 * _N_SIDE]
        )
        both = out[row, 2 * _N_SIDE :]
        both[:] = np.nan
        if fan_in + fan_out == 0:
            continue
        common = 0
        returned = 0.0
        for k in range(fan_out):
            at = senders.table[place_of(senders, mask, recipients.code[k])] - 1
            if at >= 0:
                common += 1
                returned += min(recipients.value[k], senders.value[at])
        both[0] = common / (fan_in + fan_out - common)
        sent = 0.0
        for k in range(fan_out):
            sent += recipients.value[k]
        if sent > 0.0:
            both[1] = returned / sent


def _compute(sides: Sides, _labels: LabelEvents, codes: Int32s, as_of: Int64s) -> Rows:
    out = np.empty((codes.size, len(COUNTERPARTIES.columns)))
    _counterparties(sides, codes, as_of, out)
    return out


COUNTERPARTIES = View(
    "counterparties",
    1,
    (
        *per_side(
            "counterparties",
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
            (
                "top_{d}_share",
                "the largest {who}'s part of the value {did}",
            ),
            (
                "entropy_{d}_ratio",
                "entropy of the shares of the {whose} in the transfers {did}, over ln of "
                "the number of {whose}: 1 if equal",
            ),
            (
                "new_{d}_share",
                "of the later half of the transfers {did}, the share with a {who} not met before",
            ),
            (
                "single_{d}_share",
                "{whose} of one transfer {did} only, over all {whose}",
            ),
            (
                "self_{d}_share",
                "transfers {did} in which the wallet is its own counterparty, over all {did}",
            ),
            *(
                (f"fan_{{d}}_{window}_count", f"different {{whose}} in the last {window}")
                for window in WINDOWS
            ),
            sources={
                "concentration": "Hirschman 1945; Herfindahl 1950",
                "entropy": "Shannon 1948, section 6; evenness: Pielou 1966",
            },
        ),
        Column(
            "counterparties_reciprocity_share",
            "counterparties that both paid the wallet and were paid by it, over all counterparties",
            source="Jaccard 1912",
        ),
        Column(
            "counterparties_returned_share",
            "value that went both ways, over the sum sent: of each counterparty the lesser of what "
            "was sent to it and received from it",
        ),
    ),
    unconverted(_compute),
)
