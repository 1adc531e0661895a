"""Layering: how much passes through, how fast, and how deep the chains around a wallet are.

First in, first out decides which receipt a sending spends (Clayton's case, 1816; Anderson,
Shumailov and Ahmed 2018 for cryptocurrency). At one instant receipts come before sendings.
"""

import numpy as np

from features.kernel import DAY, HOUR, Float64s, Int32s, Int64s, Rows, kernel
from features.ledger.slices import Side, Sides
from features.past.history import HISTORY_CAP, cut
from features.past.known_labels import LabelEvents
from features.past.windows import WINDOWS
from features.view import Column, Trail, View, unconverted, unconverted_trails
from features.views.layering.chains import (
    HOP_CAP,
    HUB,
    WIDTH,
    chain_depth,
    chain_trails,
    empty_levels,
)
from features.views.layering.peel import (
    LATEST,
    PEEL_CAP,
    PEEL_HUB,
    empty_path,
    peel_chain,
    peel_trails,
)

_NEAR = 0.9  # a sending of 0.9 to 1 times a receipt forwards it
_WINDOWS = np.array(list(WINDOWS.values()), dtype=np.int64)
_N_SUMS = 1 + _WINDOWS.size
_DWELLS = np.array([HOUR, DAY, 7 * DAY], dtype=np.int64)


@kernel
def _recent_sums(side: Side, first: int, end: int, as_of: int, out: Float64s) -> None:
    """Sum of all amounts, then of those in each window."""
    total, window = 0.0, 0
    for i in range(end - 1, first - 1, -1):
        while window < _WINDOWS.size and side.time[i] < as_of - _WINDOWS[window]:
            out[1 + window] = total
            window += 1
        total += side.amount[i]
    out[0] = total
    out[1 + window :] = total


@kernel
def _fifo(
    incoming: Side, outgoing: Side, first_in: int, end_in: int,
    first_out: int, end_out: int, dwell: Int64s, spent: Float64s,
) -> tuple[int, float]:  # fmt: skip
    """Dwell times and amounts of receipts that were sent on; returns their count and the rest."""
    lot, left, pieces, unfunded = first_in, 0.0, 0, 0.0
    if lot < end_in:
        left = incoming.amount[lot]
    for j in range(first_out, end_out):
        due = outgoing.amount[j]
        while due > 0.0:
            while lot < end_in and left == 0.0:
                lot += 1
                left = incoming.amount[lot] if lot < end_in else 0.0
            if lot >= end_in or incoming.time[lot] > outgoing.time[j]:
                unfunded += due
                break
            piece = min(due, left)
            dwell[pieces], spent[pieces] = outgoing.time[j] - incoming.time[lot], piece
            pieces += 1
            due -= piece
            left -= piece
    return pieces, unfunded


@kernel
def _dwell_columns(dwell: Int64s, spent: Float64s, received: float, out: Float64s) -> None:
    """Forwarded shares by dwell time and amount-weighted dwell quantiles."""
    order = np.argsort(dwell, kind="mergesort")
    forwarded, weighted = 0.0, 0.0
    for at in order:
        forwarded += spent[at]
        weighted += spent[at] * (dwell[at] / 1e6)
    for k in range(_DWELLS.size):
        fast = 0.0
        for at in order:
            if dwell[at] > _DWELLS[k]:
                break
            fast += spent[at]
        out[1 + k] = min(fast / received, 1.0)  # the sums are rounded in other orders
    out[0] = min(forwarded / received, 1.0)
    if forwarded == 0.0:
        out[4:] = np.nan
        return
    out[4] = weighted / forwarded
    for k, share in enumerate((0.1, 0.5, 0.9)):
        running = 0.0
        for at in order:
            running += spent[at]
            if running >= share * forwarded:
                out[5 + k] = dwell[at] / 1e6
                break


@kernel
def _forwarding(
    incoming: Side, outgoing: Side, first_in: int, end_in: int,
    first_out: int, end_out: int, out: Float64s,
) -> None:  # fmt: skip
    """Sendings soon after a receipt, and sendings that nearly equal the receipt before them."""
    rapid, near = 0, 0
    i = first_in
    for j in range(first_out, end_out):
        while i < end_in and incoming.time[i] <= outgoing.time[j]:
            i += 1
        if i == first_in:
            continue
        rapid += outgoing.time[j] - incoming.time[i - 1] <= HOUR
        receipt, sending = incoming.amount[i - 1], outgoing.amount[j]
        near += 0.0 < sending <= receipt and sending >= _NEAR * receipt
    out[0], out[1] = rapid / (end_out - first_out), near / (end_out - first_out)


@kernel
def _layering(sides: Sides, codes: Int32s, as_of: Int64s, out: Rows) -> None:
    incoming, outgoing = sides.incoming, sides.outgoing
    dwell, spent = np.empty(2 * HISTORY_CAP, dtype=np.int64), np.empty(2 * HISTORY_CAP)
    levels, path, sums = empty_levels(), empty_path(), np.empty((2, _N_SUMS))
    for row in range(codes.size):
        code, instant = codes[row], as_of[row]
        first_in, end_in, _ = cut(incoming, code, instant)
        first_out, end_out, _ = cut(outgoing, code, instant)
        _recent_sums(incoming, first_in, end_in, instant, sums[0])
        _recent_sums(outgoing, first_out, end_out, instant, sums[1])
        received, sent = sums[0, 0], sums[1, 0]
        line = out[row]
        line[:] = np.nan
        for k in range(_N_SUMS):
            larger = max(sums[0, k], sums[1, k])
            line[k] = min(sums[0, k], sums[1, k]) / larger if larger > 0.0 else np.nan
        if received > 0.0:
            pieces, unfunded = _fifo(
                incoming, outgoing, first_in, end_in, first_out, end_out, dwell, spent
            )
            _dwell_columns(dwell[:pieces], spent[:pieces], received, line[6:14])
            line[_N_SUMS] = unfunded / sent if sent > 0.0 else np.nan
        elif sent > 0.0:
            line[_N_SUMS] = 1.0
        if end_out > first_out:
            _forwarding(incoming, outgoing, first_in, end_in, first_out, end_out, line[14:16])
        backward, cut_back = chain_depth(incoming, code, instant, False, levels)
        forward, cut_ahead = chain_depth(outgoing, code, instant, True, levels)
        line[16], line[17] = backward, forward
        length, position, share, cut_peel = peel_chain(sides, code, instant, path)
        line[18], line[19], line[20] = length, position, share
        line[21] = cut_back or cut_ahead or cut_peel


def _compute(sides: Sides, _labels: LabelEvents, codes: Int32s, as_of: Int64s) -> Rows:
    out = np.empty((codes.size, len(LAYERING.columns)))
    _layering(sides, codes, as_of, out)
    return out


def _trails(sides: Sides, _labels: LabelEvents, code: int, as_of: int) -> list[Trail]:
    chains = (
        ("layering_depth_backward_hops", sides.incoming, False),
        ("layering_depth_forward_hops", sides.outgoing, True),
    )
    found = [
        trail
        for column, side, forward in chains
        for trail in chain_trails(column, side, code, as_of, forward=forward)
    ]
    return found + peel_trails("layering", sides, code, as_of)


_CHAIN = (
    "transfers, each 0.9 to 1 times the one before, later by at most a day, through wallets with "
    f"at most {HUB} transfers to choose from in that day; at most {HOP_CAP}"
)
_FIFO = "Clayton's case 1816; Anderson, Shumailov and Ahmed 2018"
_PATHS = (
    "time-respecting paths: Kempe, Kleinberg and Kumar 2002; near-equal 0.9, windows and caps are "
    "our own"
)
_PEELS = (
    "peel chains of Bitcoin: Meiklejohn et al. 2013; Kappos et al. 2022; the rules for accounts, "
    "windows and caps are our own"
)

LAYERING = View(
    "layering",
    2,
    (
        Column("layering_pass_through_ratio", "lesser over greater of the sums received and sent"),
        *(
            Column(
                f"layering_pass_through_{window}_ratio",
                f"lesser over greater of the sums received and sent in the last {window}",
            )
            for window in WINDOWS
        ),
        Column(
            "layering_unfunded_share",
            "value sent that no receipt up to then covers (first in, first out), over the sum sent",
            source=_FIFO,
        ),
        Column(
            "layering_forwarded_share",
            "value received that was sent on (first in, first out), over the sum received",
            source=_FIFO,
        ),
        *(
            Column(
                f"layering_forwarded_{window}_share",
                f"value received that was sent on within {said} (first in, first out), over the "
                "sum received",
                source=_FIFO,
            )
            for window, said in (("1h", "an hour"), ("1d", "a day"), ("7d", "seven days"))
        ),
        Column(
            "layering_dwell_mean_s",
            "time from receipt to sending on (first in, first out), mean weighted by value",
            source=_FIFO,
        ),
        *(
            Column(
                f"layering_dwell_{name}_s",
                f"time from receipt to sending on (first in, first out), {share} quantile by value",
                source=_FIFO,
            )
            for name, share in (("q10", "0.1"), ("q50", "0.5"), ("q90", "0.9"))
        ),
        Column(
            "layering_rapid_out_share",
            "transfers sent within an hour of the latest receipt up to then, over all sent",
        ),
        Column(
            "layering_near_equal_out_share",
            "transfers sent of 0.9 to 1 times the latest receipt up to then, over all sent",
        ),
        Column(
            "layering_depth_backward_hops",
            f"longest chain that ends at the wallet: {_CHAIN}",
            source=_PATHS,
        ),
        Column(
            "layering_depth_forward_hops",
            f"longest chain that starts at the wallet: {_CHAIN}",
            source=_PATHS,
        ),
        Column(
            "layering_peel_length_hops",
            "transfers of the peel chain that holds the wallet's latest transfer that can "
            "be part of one: each is given on within a day by the recipient's next 2 to 4 "
            "sendings, 0.9 to 1 of it in all, of which the largest, at least half of it, goes on; "
            f"through wallets with at most {PEEL_HUB} transfers to choose from in that day; at "
            f"most {PEEL_CAP} each way",
            source=_PEELS,
        ),
        Column(
            "layering_peel_position_hops",
            "transfers of the wallet's latest peel chain up to the one that reaches the wallet; 0 "
            "if it starts there or there is none",
            source=_PEELS,
        ),
        Column(
            "layering_peel_share",
            "value split off along the wallet's latest peel chain, over the first amount of the "
            "chain; nan without one",
            source=_PEELS,
        ),
        Column(
            "layering_truncated_ratio",
            f"1 if a cap cut the search short, else 0: {WIDTH} transfers a hop and {HOP_CAP} "
            f"hops for chains; the latest {LATEST} transfers and {PEEL_CAP} hops each way for "
            "peel chains",
        ),
    ),
    unconverted(_compute),
    unconverted_trails(_trails),
)
