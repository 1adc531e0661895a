"""Bursts: many counterparties within few days, and the turn from gathering to scattering.

Fan-in, fan-out and gather-scatter of Altman et al. 2023 (arXiv 2306.16424, section 3), seen from
the wallet in their middle. Windows slide along the wallet's own history, so the cost is linear.
"""

from typing import NamedTuple

import numpy as np

from features.kernel import DAY, Int32s, inner_kernel, kernel
from features.past import HISTORY_CAP
from features.view import SIDES, Template, filled
from features.views.patterns.instances import KIND, Instances, note_instance, note_transfer
from features.views.patterns.legs import Legs

_WEEK = 7 * DAY
_BUSIEST = "value {did} in the seven days with most different {whose}, the latest such window"
_FAN = (
    (
        "fan_{d}_burst_1d_count",
        "most different {whose} within any 24 hours, amounts of 0 aside",
    ),
    (
        "fan_{d}_burst_7d_count",
        "most different {whose} within any seven days, amounts of 0 aside",
    ),
    ("fan_{d}_burst_7d_amount", _BUSIEST),
    ("fan_{d}_burst_7d_share", f"{_BUSIEST}, over the sum {{did}}"),
)
_TURN = (
    "lesser of the sums received in the seven days up to and sent in the seven days after the "
    "instant at which most senders met most recipients, the latest such"
)
BURSTS: tuple[Template, ...] = (
    *filled(SIDES, *_FAN),
    (
        "gather_scatter_count",
        "gather-scatter: lesser of the numbers of different senders in the seven days up to and "
        "different recipients in the seven days after an instant, the greatest over the instants "
        "of receipts",
    ),
    ("gather_scatter_amount", _TURN),
    ("gather_scatter_share", f"{_TURN}, over the sum received"),
)


class InWindow(NamedTuple):
    """Legs inside a sliding window, by the number of their counterparty, for either side.

    Attributes
    ----------
    received, sent : int32 array, shape (HISTORY_CAP,)
    """

    received: Int32s
    sent: Int32s


class Fan(NamedTuple):
    """The widest bursts of one side: counterparties within a day, and within a week.

    ``value`` is what moved in the week, in whole units of the asset.
    """

    day: int
    week: int
    value: float


class Turn(NamedTuple):
    """The widest gather-scatter: counterparties of its narrower side, and the lesser sum."""

    fan: int
    value: float


@kernel
def empty_window() -> InWindow:
    """Room for the longest history that a row may read."""
    return InWindow(np.empty(HISTORY_CAP, dtype=np.int32), np.empty(HISTORY_CAP, dtype=np.int32))


@inner_kernel
def _widest(legs: Legs, width: int, held: Int32s) -> tuple[int, int, int]:
    """Most counterparties in a window ``(t - width, t]``; the latest such window's first and end.

    Only a window that ends with a leg needs a look. ``width`` is in microseconds; ``held`` counts
    the window's legs by counterparty.
    """
    leg = legs.leg
    for number in range(legs.fan):
        held[number] = 0
    widest, first, end, oldest, different, i = 0, 0, 0, 0, 0, 0
    while i < leg.size:
        instant = leg[i].time
        while i < leg.size and leg[i].time == instant:
            different += held[leg[i].number] == 0
            held[leg[i].number] += 1
            i += 1
        while leg[oldest].time <= instant - width:
            held[leg[oldest].number] -= 1
            different -= held[leg[oldest].number] == 0
            oldest += 1
        if different >= widest:
            widest, first, end = different, oldest, i
    return widest, first, end


@inner_kernel
def _widest_turn(received: Legs, sent: Legs, window: InWindow) -> tuple[int, int, int, int, int]:
    """Widest gather-scatter, and the first and end of both its sides; of equals the latest."""
    coming, leaving = received.leg, sent.leg
    held_in, held_out = window.received, window.sent
    for number in range(received.fan):
        held_in[number] = 0
    for number in range(sent.fan):
        held_out[number] = 0
    best = (0, 0, 0, 0, 0)
    i, oldest, senders = 0, 0, 0
    ahead, gone, recipients = 0, 0, 0
    while i < coming.size:
        instant = coming[i].time
        while i < coming.size and coming[i].time == instant:
            senders += held_in[coming[i].number] == 0
            held_in[coming[i].number] += 1
            i += 1
        while coming[oldest].time <= instant - _WEEK:
            held_in[coming[oldest].number] -= 1
            senders -= held_in[coming[oldest].number] == 0
            oldest += 1
        while ahead < leaving.size and leaving[ahead].time <= instant + _WEEK:
            recipients += held_out[leaving[ahead].number] == 0
            held_out[leaving[ahead].number] += 1
            ahead += 1
        while gone < ahead and leaving[gone].time <= instant:
            held_out[leaving[gone].number] -= 1
            recipients -= held_out[leaving[gone].number] == 0
            gone += 1
        if recipients and min(senders, recipients) >= best[0]:
            best = (min(senders, recipients), oldest, i, gone, ahead)
    return best


@inner_kernel
def _sum(legs: Legs, first: int, end: int) -> float:
    leg, total = legs.leg, 0.0
    for i in range(first, end):
        total += leg[i].amount
    return total


@inner_kernel
def _note(noted: Instances, legs: Legs, first: int, end: int) -> None:
    for i in range(first, end):
        note_transfer(noted, legs.leg[i])


@inner_kernel
def fan_bursts(legs: Legs, held: Int32s, kinds: tuple[int, int], noted: Instances) -> Fan:
    """Both bursts of one side; ``kinds`` are those of the shorter and of the longer one."""
    day, first, end = _widest(legs, DAY, held)
    if day and noted.instance.size:
        note_instance(noted, kinds[0], _sum(legs, first, end))
        _note(noted, legs, first, end)
    week, first, end = _widest(legs, _WEEK, held)
    value = _sum(legs, first, end)
    if week and noted.instance.size:
        note_instance(noted, kinds[1], value)
        _note(noted, legs, first, end)
    return Fan(day, week, value)


@inner_kernel
def gather_scatter(received: Legs, sent: Legs, window: InWindow, noted: Instances) -> Turn:
    """The widest gather-scatter."""
    fan, first_in, end_in, first_out, end_out = _widest_turn(received, sent, window)
    value = min(_sum(received, first_in, end_in), _sum(sent, first_out, end_out))
    if fan and noted.instance.size:
        note_instance(noted, KIND.gather_scatter, value)
        _note(noted, received, first_in, end_in)
        _note(noted, sent, first_out, end_out)
    return Turn(fan, value)
