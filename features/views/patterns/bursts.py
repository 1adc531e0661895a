"""Bursts: many counterparties within few days, and the turn from gathering to scattering.

Fan-in, fan-out and gather-scatter of Altman et al. 2023 (arXiv 2306.16424, section 3), seen from
the wallet in their middle. Windows slide along the wallet's own history, so the cost is linear.
"""

from typing import NamedTuple

import numpy as np

from features.kernel import DAY, Float64s, Int32s, kernel
from features.past.history import HISTORY_CAP
from features.view import Column
from features.views.patterns.instances import (
    ALTMAN,
    FAN_IN_1D,
    FAN_OUT_1D,
    GATHER_SCATTER,
    Proofs,
    note_instance,
    note_transfer,
)
from features.views.patterns.legs import Extent, Records, put_value

_WEEK = 7 * DAY


class Held(NamedTuple):
    """Transfers inside a window by counterparty, for either side."""

    received: Int32s
    sent: Int32s


@kernel
def empty_held() -> Held:
    """Working memory for the longest history a row may read."""
    return Held(np.empty(HISTORY_CAP, dtype=np.int32), np.empty(HISTORY_CAP, dtype=np.int32))


@kernel
def _widest(own: Records, n: int, fan: int, width: int, held: Int32s) -> tuple[int, int, int]:
    """Most counterparties in a window ``(t - width, t]``; the latest such window's first and end.

    Only a window that ends with a transfer needs a look.
    """
    held[:fan] = 0
    widest, first, end, oldest, different, i = 0, 0, 0, 0, 0, 0
    while i < n:
        instant = own[i].time
        while i < n and own[i].time == instant:
            different += held[own[i].number] == 0
            held[own[i].number] += 1
            i += 1
        while own[oldest].time <= instant - width:
            held[own[oldest].number] -= 1
            different -= held[own[oldest].number] == 0
            oldest += 1
        if different >= widest:
            widest, first, end = different, oldest, i
    return widest, first, end


@kernel
def _turn(
    received: Records, n_in: int, fan_in: int, sent: Records, n_out: int, fan_out: int,
    held: Held,
) -> tuple[int, int, int, int, int]:  # fmt: skip
    """Widest gather-scatter, and the first and end of both its sides; of equals the latest."""
    held.received[:fan_in] = 0
    held.sent[:fan_out] = 0
    best = (0, 0, 0, 0, 0)
    i, oldest, senders = 0, 0, 0
    coming, gone, recipients = 0, 0, 0
    while i < n_in:
        instant = received[i].time
        while i < n_in and received[i].time == instant:
            senders += held.received[received[i].number] == 0
            held.received[received[i].number] += 1
            i += 1
        while received[oldest].time <= instant - _WEEK:
            held.received[received[oldest].number] -= 1
            senders -= held.received[received[oldest].number] == 0
            oldest += 1
        while coming < n_out and sent[coming].time <= instant + _WEEK:
            recipients += held.sent[sent[coming].number] == 0
            held.sent[sent[coming].number] += 1
            coming += 1
        while gone < coming and sent[gone].time <= instant:
            held.sent[sent[gone].number] -= 1
            recipients -= held.sent[sent[gone].number] == 0
            gone += 1
        if recipients and min(senders, recipients) >= best[0]:
            best = (min(senders, recipients), oldest, i, gone, coming)
    return best


@kernel
def _sum(own: Records, first: int, end: int) -> float:
    total = 0.0
    for i in range(first, end):
        total += own[i].amount
    return total


@kernel
def _note(noted: Proofs, own: Records, first: int, end: int) -> None:
    for i in range(first, end):
        note_transfer(noted, own[i])


@kernel
def _fan(
    own: Records, extent: Extent, held: Int32s, kind: int, line: Float64s, noted: Proofs
) -> None:
    """Both bursts of one side; ``kind`` is that of the shorter one, the next that of the longer."""
    for k, width in enumerate((DAY, _WEEK)):
        widest, first, end = _widest(own, extent.n, extent.fan, width, held)
        value = _sum(own, first, end)
        line[k] = widest
        if widest:
            note_instance(noted, kind + k, value)
            _note(noted, own, first, end)
        put_value(line[2:4], value, value, extent)


@kernel
def burst_columns(
    received: Records, extent_in: Extent, sent: Records, extent_out: Extent, held: Held,
    line: Float64s, noted: Proofs,
) -> None:  # fmt: skip
    """Fill ``BURST_COLUMNS`` of one row."""
    _fan(received, extent_in, held.received, FAN_IN_1D, line[0:4], noted)
    _fan(sent, extent_out, held.sent, FAN_OUT_1D, line[4:8], noted)
    widest, first_in, end_in, first_out, end_out = _turn(
        received, extent_in.n, extent_in.fan, sent, extent_out.n, extent_out.fan, held
    )
    value = min(_sum(received, first_in, end_in), _sum(sent, first_out, end_out))
    line[8] = widest
    put_value(line[9:11], value, value, extent_in)
    if widest:
        note_instance(noted, GATHER_SCATTER, value)
        _note(noted, received, first_in, end_in)
        _note(noted, sent, first_out, end_out)


def _fan_columns(d: str, did: str, who: str) -> tuple[Column, ...]:
    name = f"patterns_fan_{d}_burst"
    busiest = f"value {did} in the seven days with most different {who}, the latest such window"
    return (
        Column(
            f"{name}_1d_count",
            f"most different {who} within any 24 hours, amounts of 0 aside",
            source=ALTMAN,
        ),
        Column(
            f"{name}_7d_count",
            f"most different {who} within any seven days, amounts of 0 aside",
            source=ALTMAN,
        ),
        Column(f"{name}_7d_amount", busiest, scale_free=False, source=ALTMAN),
        Column(f"{name}_7d_share", f"{busiest}, over the sum {did}", source=ALTMAN),
    )


_TURN = (
    "lesser of the sums received in the seven days up to and sent in the seven days after the "
    "instant at which most senders met most recipients, the latest such"
)

BURST_COLUMNS = (
    *_fan_columns("in", "received", "senders"),
    *_fan_columns("out", "sent", "recipients"),
    Column(
        "patterns_gather_scatter_count",
        "gather-scatter: lesser of the numbers of different senders in the seven days up to and "
        "different recipients in the seven days after an instant, the greatest over the instants "
        "of receipts",
        source=ALTMAN,
    ),
    Column("patterns_gather_scatter_amount", _TURN, scale_free=False, source=ALTMAN),
    Column("patterns_gather_scatter_share", f"{_TURN}, over the sum received", source=ALTMAN),
)
