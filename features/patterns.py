"""Patterns: the shapes in which money is gathered, spread and passed on around a wallet.

Each shape is defined in its own module; here they share what is read of a row.
"""

from typing import NamedTuple

import numpy as np

from features._numba import kernel
from features.bipartite import BIPARTITE_COLUMNS, bipartite_columns
from features.bursts import BURST_COLUMNS, Held, burst_columns, empty_held
from features.columns import Column, Rows, View
from features.distinct import Distinct, empty_distinct
from features.history import HISTORY_CAP
from features.label_events import LabelEvents
from features.own_transfers import Extent, OwnTransfers, empty_own, read_own
from features.proofs import PREFIXES, Proofs, proofs, trails_by_kind
from features.scatter_gather import (
    SCATTER_GATHER_COLUMNS,
    Passages,
    empty_passages,
    end_columns,
    intermediary_columns,
)
from features.slices import Float64s, Int32s, Int64s, Sides
from features.third_parties import (
    ANCHORS,
    MEETINGS,
    READ,
    Anchors,
    Meetings,
    Readings,
    clear,
    empty_anchors,
    empty_meetings,
    empty_readings,
    forget,
    gather,
    read,
    take_anchors,
)
from features.trails import Trail

_SCATTER = len(BURST_COLUMNS)
_GROUPS = _SCATTER + len(SCATTER_GATHER_COLUMNS)
_CUT = _GROUPS + len(BIPARTITE_COLUMNS)
_HALF = READ // 2
_INSTANCES, _TRANSFERS = 4 * MEETINGS, 8 * MEETINGS + 6 * HISTORY_CAP  # no row has more


class Memory(NamedTuple):
    """Working memory for one row; a pair is of the incoming and the outgoing side."""

    distinct: Distinct
    held: Held
    received: OwnTransfers
    sent: OwnTransfers
    receipts: Anchors
    sendings: Anchors
    readings: Readings
    meetings: Meetings
    passages: Passages


@kernel
def _empty_memory() -> Memory:
    return Memory(
        empty_distinct(), empty_held(), empty_own(), empty_own(), empty_anchors(), empty_anchors(),
        empty_readings(), empty_meetings(), empty_passages(),
    )  # fmt: skip


@kernel
def _three_layers(
    sides: Sides, code: int, as_of: int, memory: Memory, extent_in: Extent, extent_out: Extent,
    line: Float64s, noted: Proofs,
) -> bool:  # fmt: skip
    """Columns of scatter-gather, bipartite groups and stacks; True if more was there to read."""
    receipts, sendings = memory.receipts, memory.sendings
    readings, meetings = memory.readings, memory.meetings
    incoming, outgoing, amounts = sides.incoming, sides.outgoing, sides.amount
    n_in = take_anchors(receipts, memory.received, extent_in.n)
    n_out = take_anchors(sendings, memory.sent, extent_out.n)
    cut_short = extent_in.n > n_in or extent_out.n > n_out
    cut_short |= read(readings, 1, outgoing, as_of, sendings, n_out, 0, READ)
    forget(meetings)
    gather(meetings, readings, 1, outgoing, code, sendings, n_out, False)
    clear(readings, 1, outgoing, n_out)
    end_columns(
        meetings, 1, outgoing, amounts, sendings, memory.passages, extent_out,
        line[_SCATTER : _SCATTER + 4], noted,
    )  # fmt: skip
    cut_short |= read(readings, 0, incoming, as_of, receipts, n_in, READ, 0)
    forget(meetings)
    gather(meetings, readings, 0, incoming, code, receipts, n_in, True)
    clear(readings, 0, incoming, n_in)
    end_columns(
        meetings, 0, incoming, amounts, receipts, memory.passages, extent_in,
        line[_SCATTER + 4 : _SCATTER + 8], noted,
    )  # fmt: skip
    cut_short |= read(readings, 0, outgoing, as_of, receipts, n_in, _HALF, _HALF)
    cut_short |= read(readings, 1, incoming, as_of, sendings, n_out, _HALF, _HALF)
    forget(meetings)
    gather(meetings, readings, 0, outgoing, code, receipts, n_in, False)
    gather(meetings, readings, 1, incoming, code, sendings, n_out, False)
    clear(readings, 0, outgoing, n_in)
    clear(readings, 1, incoming, n_out)
    intermediary_columns(
        meetings, sides, receipts, extent_in, sendings, extent_out, memory.passages,
        line[_SCATTER + 8 : _GROUPS], noted,
    )  # fmt: skip
    bipartite_columns(
        meetings, sides, receipts, extent_in, sendings, extent_out, line[_GROUPS:_CUT], noted
    )
    return cut_short


@kernel
def _patterns(sides: Sides, codes: Int32s, as_of: Int64s, out: Rows, noted: Proofs) -> None:
    memory = _empty_memory()
    for row in range(codes.size):
        code, instant, line = codes[row], as_of[row], out[row]
        extent_in = read_own(
            memory.received, memory.distinct, sides.incoming, sides.amount, code, instant
        )
        extent_out = read_own(
            memory.sent, memory.distinct, sides.outgoing, sides.amount, code, instant
        )
        burst_columns(
            memory.received, extent_in, memory.sent, extent_out, memory.held, line[:_SCATTER], noted
        )
        cut_short = _three_layers(sides, code, instant, memory, extent_in, extent_out, line, noted)
        line[_CUT] = cut_short or max(extent_in.n_all, extent_out.n_all) > HISTORY_CAP


_COLUMNS = (
    *BURST_COLUMNS,
    *SCATTER_GATHER_COLUMNS,
    *BIPARTITE_COLUMNS,
    Column(
        "patterns_truncated_ratio",
        f"1 if the wallet has more than {ANCHORS} transfers a side, or a counterparty more than "
        f"{READ} transfers ({_HALF} before and {_HALF} after) near one of them, else 0",
    ),
)


def _compute(sides: Sides, _labels: LabelEvents, codes: Int32s, as_of: Int64s) -> Rows:
    out = np.empty((codes.size, len(_COLUMNS)))
    _patterns(sides, codes, as_of, out, proofs(0, 0))
    return out


def _trails(sides: Sides, _labels: LabelEvents, code: int, as_of: int) -> list[Trail]:
    """Transfers of the instances of each pattern, the widest first."""
    out, noted = np.empty((1, len(_COLUMNS))), proofs(_INSTANCES, _TRANSFERS)
    codes, instants = np.array([code], dtype=np.int32), np.array([as_of], dtype=np.int64)
    _patterns(sides, codes, instants, out, noted)
    found = trails_by_kind(noted)
    return [
        Trail(column.name, transfers, amounts)
        for column, value in zip(_COLUMNS, out[0].tolist(), strict=True)
        for kind, prefix in enumerate(PREFIXES)
        if value > 0.0 and column.name.startswith(f"{prefix}_")
        for transfers, amounts in found[kind]
    ]


PATTERNS = View("patterns", 1, _COLUMNS, _compute, _trails)
