"""Patterns: the shapes in which money is gathered, spread and passed on around a wallet.

Each shape is defined in its own module; here they share what is read of a row, and what they find
is written to the row's columns.
"""

import numpy as np

from features.kernel import Float64s, Records, Rows, inner_kernel, kernel
from features.past import HISTORY_CAP, History, Past, TracedPast, ask, traced_past
from features.past.distinct import empty_distinct
from features.past.nearby import nearby
from features.view import Trail, View, of_both, places
from features.views.patterns.bursts import (
    BURSTS,
    InWindow,
    empty_window,
    fan_bursts,
    gather_scatter,
)
from features.views.patterns.cycles import CYCLES, CYCLES_SOURCE, cycle_columns, cycle_trails
from features.views.patterns.instances import ALTMAN, KIND, Instances, by_kind, empty_instances
from features.views.patterns.intermediary import INTERMEDIARY, Middle, empty_grid, widest_middle
from features.views.patterns.legs import Legs, empty_legs, measured, read_legs
from features.views.patterns.meetings import (
    AFTER,
    ANCHORS,
    AROUND,
    BEFORE,
    MEETINGS,
    TRANSFERS_READ,
    Lane,
    empty_anchors,
    empty_meetings,
    empty_parts,
    empty_seen,
    forget,
    gather,
    mark,
    take_anchors,
    unmark,
)
from features.views.patterns.scatter_gather import SCATTER_GATHER, End, empty_nearest, widest_end

_INSTANCES, _TRANSFERS = 4 * MEETINGS, 8 * MEETINGS + 6 * HISTORY_CAP  # no row has more
_TRUNCATED = (
    "truncated_ratio",
    f"1 if scatter-gather was looked for in part: the wallet has more than {ANCHORS} transfers a "
    f"side, or a counterparty more than {TRANSFERS_READ} "
    f"({AROUND.earlier} before and {AROUND.later} after) near one of them; else 0",
)
_SHAPES = (*BURSTS, *SCATTER_GATHER, *INTERMEDIARY, _TRUNCATED)
_AT = places(*_SHAPES)
_NOTHING = empty_instances(0, 0)
_FAN_IN = KIND.fan_in_burst_1d, KIND.fan_in_burst_7d
_FAN_OUT = KIND.fan_out_burst_1d, KIND.fan_out_burst_7d


@inner_kernel
def _bursts(line: Float64s, received: Legs, sent: Legs, window: InWindow, noted: Instances) -> None:
    """Find and fill the columns of ``BURSTS``."""
    fan_in = fan_bursts(received, window.received, _FAN_IN, noted)
    amount, share = measured(received, fan_in.value, fan_in.value)
    line[_AT.fan_in_burst_1d_count], line[_AT.fan_in_burst_7d_count] = fan_in.day, fan_in.week
    line[_AT.fan_in_burst_7d_amount], line[_AT.fan_in_burst_7d_share] = amount, share
    fan_out = fan_bursts(sent, window.sent, _FAN_OUT, noted)
    amount, share = measured(sent, fan_out.value, fan_out.value)
    line[_AT.fan_out_burst_1d_count], line[_AT.fan_out_burst_7d_count] = fan_out.day, fan_out.week
    line[_AT.fan_out_burst_7d_amount], line[_AT.fan_out_burst_7d_share] = amount, share
    turn = gather_scatter(received, sent, window, noted)
    amount, share = measured(received, turn.value, turn.value)
    line[_AT.gather_scatter_count] = turn.fan
    line[_AT.gather_scatter_amount], line[_AT.gather_scatter_share] = amount, share


@inner_kernel
def _put_ends(line: Float64s, received: Legs, sent: Legs, source: End, target: End) -> None:
    """Fill the columns of ``SCATTER_GATHER``."""
    amount, share = measured(sent, source.value, source.value)
    line[_AT.scatter_gather_source_count] = source.width
    line[_AT.scatter_gather_source_targets_count] = source.others
    line[_AT.scatter_gather_source_amount], line[_AT.scatter_gather_source_share] = amount, share
    amount, share = measured(received, target.value, target.value)
    line[_AT.scatter_gather_target_count] = target.width
    line[_AT.scatter_gather_target_sources_count] = target.others
    line[_AT.scatter_gather_target_amount], line[_AT.scatter_gather_target_share] = amount, share


@inner_kernel
def _put_middle(line: Float64s, received: Legs, middle: Middle) -> None:
    """Fill the columns of ``INTERMEDIARY``."""
    amount, share = measured(received, middle.value, middle.own)
    line[_AT.scatter_gather_intermediary_count] = middle.width
    line[_AT.scatter_gather_intermediary_amount] = amount
    line[_AT.scatter_gather_intermediary_share] = share


@inner_kernel
def _left(history: History, legs: Legs, anchor: Records) -> bool:
    """Whether a side has transfers that are not read, or legs around which nothing is."""
    return bool(history.total > legs.read or legs.leg.size > anchor.size)


@kernel
def _shapes(past: Past, out: Rows, noted: Instances) -> None:
    """Fill the first columns of each row, ``_SHAPES``; ``noted`` gets all instances.

    All of a row is in one loop, which holds the arrays: a function that is passed many of them and
    calls others costs more than what it does.
    """
    incoming, outgoing, kind = past.incoming, past.outgoing, past.kind
    paid_by, paid_to = incoming.counterparty, outgoing.counterparty
    distinct, window, grid = empty_distinct(), empty_window(), empty_grid()
    unnoted = Instances(noted.instance[:0], noted.transfer[:0], noted.size)
    legs_in, legs_out = empty_legs(), empty_legs()
    anchors_in, anchors_out = empty_anchors(), empty_anchors()
    parts_in, parts_out = empty_parts(), empty_parts()
    seen, meetings, nearest = empty_seen(), empty_meetings(), empty_nearest()
    for row in range(out.shape[0]):
        asked, line = ask(past, row), out[row]
        wallet = asked.wallet
        received = read_legs(legs_in, distinct, incoming, asked.received, wallet)
        sent = read_legs(legs_out, distinct, outgoing, asked.sent, wallet)
        _bursts(line, received, sent, window, noted)

        receipts, sendings = take_anchors(anchors_in, received), take_anchors(anchors_out, sent)
        more = _left(asked.received, received, receipts) or _left(asked.sent, sent, sendings)
        more |= nearby(outgoing, kind, sendings, AFTER, parts_out)
        later = Lane(1, sendings, parts_out, wallet, False)
        mark(seen, later, paid_to)
        gather(meetings, seen, later, outgoing, kind)
        unmark(seen, later, paid_to)
        source = widest_end(meetings, later, nearest, noted, unnoted)
        forget(meetings)
        more |= nearby(incoming, kind, receipts, BEFORE, parts_in)
        earlier = Lane(0, receipts, parts_in, wallet, True)
        mark(seen, earlier, paid_by)
        gather(meetings, seen, earlier, incoming, kind)
        unmark(seen, earlier, paid_by)
        target = widest_end(meetings, earlier, nearest, noted, unnoted)
        forget(meetings)

        more |= nearby(outgoing, kind, receipts, AROUND, parts_in)
        more |= nearby(incoming, kind, sendings, AROUND, parts_out)
        paid = Lane(0, receipts, parts_in, wallet, False)
        paying = Lane(1, sendings, parts_out, wallet, False)
        mark(seen, paid, paid_to)
        mark(seen, paying, paid_by)
        gather(meetings, seen, paid, outgoing, kind)
        gather(meetings, seen, paying, incoming, kind)
        unmark(seen, paid, paid_to)
        unmark(seen, paying, paid_by)
        middle = widest_middle(meetings, receipts, sendings, grid, noted)
        forget(meetings)

        _put_ends(line, received, sent, source, target)
        _put_middle(line, received, middle)
        line[_AT.truncated_ratio] = more


def _compute(given: TracedPast, out: Rows) -> None:
    _shapes(given.past, out, _NOTHING)
    cycle_columns(given, out, len(_SHAPES))


def _trails(given: TracedPast) -> list[Trail]:
    """Transfers of the instances of each pattern, the widest first."""
    line, noted = np.full((1, len(_SHAPES)), np.nan), empty_instances(_INSTANCES, _TRANSFERS)
    _shapes(given.past, line, noted)
    nonzero = [name for (name, _), value in zip(_SHAPES, line[0], strict=True) if value > 0.0]
    proven = {
        kind: tuple(f"patterns_{name}" for name in nonzero if name.startswith(f"{kind}_"))
        for kind in KIND._fields
    }
    return cycle_trails(given) + [
        Trail(proven[kind], transfers, amounts)
        for kind, instances in by_kind(noted).items()
        for transfers, amounts in instances
    ]


_SOURCES = {"cycles_truncated": "", "cycle": CYCLES_SOURCE, "truncated": ""}
PATTERNS = View(
    "patterns",
    3,
    of_both("patterns", *_SHAPES, *CYCLES, source=ALTMAN, sources=_SOURCES),
    _compute,
    _trails,
    given=traced_past,
)
