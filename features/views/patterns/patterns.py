"""Patterns: the shapes in which money is gathered, spread and passed on around a wallet.

Each shape is defined in its own module; here they share what is read of a row.
"""

from typing import NamedTuple

import numpy as np

from features.kernel import Float64s, Int32s, Int64s, Rows, kernel
from features.ledger.slices import Side, Sides
from features.past.distinct import Distinct, empty_distinct
from features.past.history import HISTORY_CAP
from features.past.known_labels import LabelEvents
from features.view import Column, Trail, View, unconverted, unconverted_trails
from features.views.patterns.bipartite import BIPARTITE_COLUMNS, bipartite_columns
from features.views.patterns.bursts import BURST_COLUMNS, Held, burst_columns, empty_held
from features.views.patterns.cycles import CYCLE_COLUMNS, cycle_trails, cycles
from features.views.patterns.instances import PREFIXES, Proofs, proofs, trails_by_kind
from features.views.patterns.legs import Extent, Records, empty_own, read_own
from features.views.patterns.meetings import (
    ANCHORS,
    MEETINGS,
    READ,
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
from features.views.patterns.scatter_gather import (
    N_END,
    SCATTER_GATHER_COLUMNS,
    Passages,
    empty_passages,
    end_columns,
    intermediary_columns,
)

_SOURCE = len(BURST_COLUMNS)
_TARGET, _MIDDLE = _SOURCE + N_END, _SOURCE + 2 * N_END
_CUT = _SOURCE + len(SCATTER_GATHER_COLUMNS) + len(BIPARTITE_COLUMNS)
_N_MIDDLE = len(SCATTER_GATHER_COLUMNS) - 2 * N_END
_HALF = READ // 2
_INSTANCES, _TRANSFERS = 4 * MEETINGS, 8 * MEETINGS + 6 * HISTORY_CAP  # no row has more


class Memory(NamedTuple):
    """Working memory for one row; a pair is of the incoming and the outgoing side."""

    distinct: Distinct
    held: Held
    received: Records
    sent: Records
    receipts: Records
    sendings: Records
    readings: Readings
    meetings: Meetings
    passages: Passages
    unnoted: Proofs


@kernel
def _empty_memory() -> Memory:
    return Memory(
        empty_distinct(), empty_held(), empty_own(), empty_own(), empty_anchors(), empty_anchors(),
        empty_readings(), empty_meetings(), empty_passages(), proofs(0, 0),
    )  # fmt: skip


@kernel
def _as_end(
    readings: Readings, meetings: Meetings, passages: Passages, lane: int, side: Side,
    code: int, as_of: int, anchors: Records, extent: Extent, line: Float64s,
    noted: Proofs, unnoted: Proofs,
) -> bool:  # fmt: skip
    """Columns of the target (lane 0) or the source (lane 1) of scatter-gather."""
    n = min(extent.n, ANCHORS)
    earlier, later = (0, READ) if lane else (READ, 0)
    cut_short = read(readings, lane, side, as_of, anchors, n, earlier, later)
    forget(meetings)
    gather(meetings, readings, lane, side, code, anchors, n, lane == 0)
    clear(readings, lane, side, n)
    end_columns(meetings, lane, anchors, passages, extent, line, noted, unnoted)
    return cut_short


@kernel
def _in_the_middle(
    readings: Readings, meetings: Meetings, passages: Passages, sides: Sides, code: int, as_of: int,
    receipts: Records, extent_in: Extent, sendings: Records, extent_out: Extent, line: Float64s,
    noted: Proofs,
) -> bool:  # fmt: skip
    """Columns of the intermediary of scatter-gather, of bipartite groups and of stacks."""
    incoming, outgoing = sides.incoming, sides.outgoing
    n_in, n_out = min(extent_in.n, ANCHORS), min(extent_out.n, ANCHORS)
    cut_short = read(readings, 0, outgoing, as_of, receipts, n_in, _HALF, _HALF)
    cut_short |= read(readings, 1, incoming, as_of, sendings, n_out, _HALF, _HALF)
    forget(meetings)
    gather(meetings, readings, 0, outgoing, code, receipts, n_in, False)
    gather(meetings, readings, 1, incoming, code, sendings, n_out, False)
    clear(readings, 0, outgoing, n_in)
    clear(readings, 1, incoming, n_out)
    intermediary_columns(
        meetings, receipts, extent_in, sendings, extent_out, passages, line[:_N_MIDDLE],
        noted,
    )  # fmt: skip
    bipartite_columns(meetings, receipts, extent_in, sendings, extent_out, line[_N_MIDDLE:], noted)
    return cut_short


@kernel
def _patterns(sides: Sides, codes: Int32s, as_of: Int64s, out: Rows, noted: Proofs) -> None:
    incoming, outgoing = sides.incoming, sides.outgoing
    memory = _empty_memory()
    received, sent = memory.received, memory.sent
    receipts, sendings = memory.receipts, memory.sendings
    distinct, held, readings, meetings = (
        memory.distinct,
        memory.held,
        memory.readings,
        memory.meetings,
    )
    passages, unnoted = memory.passages, memory.unnoted
    for row in range(codes.size):
        code, instant, line = codes[row], as_of[row], out[row]
        extent_in = read_own(received, distinct, incoming, code, instant)
        extent_out = read_own(sent, distinct, outgoing, code, instant)
        burst_columns(received, extent_in, sent, extent_out, held, line[:_SOURCE], noted)
        take_anchors(receipts, received, extent_in.n)
        take_anchors(sendings, sent, extent_out.n)
        cut_short = max(extent_in.n_all, extent_out.n_all) > HISTORY_CAP
        cut_short |= max(extent_in.n, extent_out.n) > ANCHORS
        cut_short |= _as_end(
            readings, meetings, passages, 1, outgoing, code, instant, sendings, extent_out,
            line[_SOURCE:_TARGET], noted, unnoted,
        )  # fmt: skip
        cut_short |= _as_end(
            readings, meetings, passages, 0, incoming, code, instant, receipts, extent_in,
            line[_TARGET:_MIDDLE], noted, unnoted,
        )  # fmt: skip
        cut_short |= _in_the_middle(
            readings,
            meetings,
            passages,
            sides,
            code,
            instant,
            receipts,
            extent_in,
            sendings,
            extent_out,
            line[_MIDDLE:_CUT],
            noted,
        )
        line[_CUT] = cut_short


_COLUMNS = (
    *BURST_COLUMNS,
    *SCATTER_GATHER_COLUMNS,
    *BIPARTITE_COLUMNS,
    Column(
        "patterns_truncated_ratio",
        f"1 if scatter-gather, bipartite groups or stacks were looked for in part: the wallet has "
        f"more than {ANCHORS} transfers a side, or a counterparty more than {READ} ({_HALF} before "
        f"and {_HALF} after) near one of them; else 0",
    ),
)


def _compute(sides: Sides, _labels: LabelEvents, codes: Int32s, as_of: Int64s) -> Rows:
    out = np.empty((codes.size, len(_COLUMNS)))
    _patterns(sides, codes, as_of, out, proofs(0, 0))
    return np.concatenate([out, cycles(sides, codes, as_of)], axis=1)


def _trails(sides: Sides, _labels: LabelEvents, code: int, as_of: int) -> list[Trail]:
    """Transfers of the instances of each pattern, the widest first."""
    out, noted = np.empty((1, len(_COLUMNS))), proofs(_INSTANCES, _TRANSFERS)
    codes, instants = np.array([code], dtype=np.int32), np.array([as_of], dtype=np.int64)
    _patterns(sides, codes, instants, out, noted)
    nonzero = [column.name for column, value in zip(_COLUMNS, out[0], strict=True) if value > 0.0]
    return cycle_trails(sides, code, as_of) + [
        Trail(tuple(name for name in nonzero if name.startswith(f"{prefix}_")), transfers, amounts)
        for prefix, instances in zip(PREFIXES, trails_by_kind(noted), strict=True)
        for transfers, amounts in instances
    ]


PATTERNS = View(
    "patterns", 1, (*_COLUMNS, *CYCLE_COLUMNS), unconverted(_compute), unconverted_trails(_trails)
)
