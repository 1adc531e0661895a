"""Layering: how much passes through, how fast, and how deep the chains around a wallet are."""

import numpy as np

from features.kernel import Float64s, Rows
from features.past import HOUR, WIDTHS, Past, Question, ask, inner_kernel, kernel, window_sums
from features.view import Trail, View
from features.views.layering.chains import (
    FORWARDED,
    Levels,
    chain_depth,
    chain_trails,
    empty_levels,
)
from features.views.layering.columns import COLUMNS, OF, PASSED
from features.views.layering.dwell import dwell_columns, empty_pieces
from features.views.layering.peel import Path, empty_path, peel_chain, peel_trails


@kernel
def _layering(past: Past, out: Rows) -> None:
    pieces, levels, path = empty_pieces(), empty_levels(), empty_path()
    sums = np.empty((2, WIDTHS.size))
    for row in range(out.shape[0]):
        asked, line = ask(past, row), out[row]
        received = window_sums(past.incoming, asked.received, sums[0])
        sent = window_sums(past.outgoing, asked.sent, sums[1])
        line[OF.pass_through_ratio] = _passed(received, sent)
        for k in range(WIDTHS.size):
            line[PASSED[k]] = _passed(sums[0, k], sums[1, k])
        uncovered = sent
        if received > 0.0:
            uncovered = dwell_columns(past, asked, pieces, received, line)
        if sent > 0.0:
            line[OF.unfunded_share] = uncovered / sent
        _forwarding(past, asked, line)
        _chains(past, asked, levels, path, line)


@inner_kernel
def _passed(received: float, sent: float) -> float:
    """Lesser over greater of two sums; nan where both are 0."""
    larger = max(received, sent)
    return min(received, sent) / larger if larger > 0.0 else np.nan


@inner_kernel
def _forwarding(past: Past, asked: Question, out: Float64s) -> None:
    """Fill sendings soon after a receipt, and those that nearly equal the receipt before them.

    Reads both sides; ``out`` is the row, and stays as it is where nothing was sent.
    """
    time_in, time_out = past.incoming.time, past.outgoing.time
    amount_in, amount_out = past.incoming.amount, past.outgoing.amount
    received, sent = asked.received, asked.sent
    rapid, near_equal, i = 0, 0, received.first
    for j in range(sent.first, sent.end):
        while i < received.end and time_in[i] <= time_out[j]:
            i += 1
        if i == received.first:
            continue
        receipt, sending = amount_in[i - 1], amount_out[j]
        rapid += time_out[j] - time_in[i - 1] <= HOUR
        near_equal += 0.0 < sending <= receipt and sending >= FORWARDED * receipt
    n = sent.end - sent.first
    if n:
        out[OF.rapid_out_share], out[OF.near_equal_out_share] = rapid / n, near_equal / n


@inner_kernel
def _chains(past: Past, asked: Question, levels: Levels, path: Path, out: Float64s) -> None:
    """Fill the columns of chains; ``levels`` and ``path`` are working memory, ``out`` the row."""
    backward = chain_depth(past.incoming, asked, False, levels)
    forward = chain_depth(past.outgoing, asked, True, levels)
    peeled = peel_chain(past, asked, path)
    out[OF.depth_backward_hops], out[OF.depth_forward_hops] = backward.hops, forward.hops
    out[OF.peel_length_hops], out[OF.peel_position_hops] = peeled.hops, peeled.position
    out[OF.peel_share] = peeled.share
    out[OF.truncated_ratio] = backward.cut_short or forward.cut_short or peeled.cut_short


def _trails(past: Past) -> list[Trail]:
    return [
        *chain_trails(past, "layering_depth_backward_hops", forward=False),
        *chain_trails(past, "layering_depth_forward_hops", forward=True),
        *peel_trails(past, "layering"),
    ]


LAYERING = View("layering", 3, COLUMNS, _layering, _trails)
