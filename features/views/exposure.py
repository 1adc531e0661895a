"""Exposure: value received from and sent to wallets that were labelled before ``as_of``.

Direct exposure is one hop: the sender or recipient is labelled. Indirect exposure is what pro-rata
tracing (haircut) finds behind the unlabelled senders and beyond the unlabelled recipients. The
wallet's own label never counts, and no path leads through a labelled wallet. Without labels every
column is nan.

What a wallet held before its transfers that are read is not known. Amounts, shares and hops are
then an estimate that takes it for nothing, and the value that was followed through that wallet
counts neither as searched nor as found for certain: ``truncated`` says so. Dust is not read, so
that it cannot push a wallet's history out of reach (:mod:`features.taint.reading`).
"""

from dataclasses import replace

import numpy as np

from features.contracts.categories import CATEGORY_WORDS
from features.kernel import Int32s, Int64s, Rows, kernel
from features.ledger.slices import Sides
from features.past.history import cut
from features.past.known_labels import LabelEvents
from features.taint.paths import path_trails
from features.taint.pieces import DROPPED, GROUPS, SEARCHED, TOTAL, Caps, Memory, empty_memory
from features.taint.search import haircut_search
from features.view import Column, Trail, View, per_side, unconverted, unconverted_trails

CAPS = Caps(followed=16, read=64, hops=5, floor=0.001)
_N_GROUPS = len(GROUPS)
_N_SIDE = 5 * _N_GROUPS + 1


@kernel
def _side(memory: Memory, line: Rows) -> None:
    """Columns of one side with transfers."""
    total = memory.sums[TOTAL]
    for group in range(_N_GROUPS):
        for kind in range(2):
            amount = memory.amount[kind, group]
            line[5 * group + 2 * kind] = amount
            line[5 * group + 2 * kind + 1] = amount / total if total > 0.0 else np.nan
        line[5 * group + 4] = memory.hops[group]
    line[_N_SIDE - 1] = memory.sums[SEARCHED] / total if total > 0.0 else np.nan


@kernel
def _exposure(
    sides: Sides, labels: LabelEvents, codes: Int32s, as_of: Int64s, caps: Caps, memory: Memory,
    out: Rows,
) -> None:  # fmt: skip
    for row in range(codes.size):
        code, instant = codes[row], as_of[row]
        out[row, -1] = 0.0
        for k, side in enumerate((sides.incoming, sides.outgoing)):
            first, end, _ = cut(side, code, instant)
            if first == end:
                continue
            haircut_search(sides, labels, code, instant, k == 1, caps, memory)
            _side(memory, out[row, k * _N_SIDE : (k + 1) * _N_SIDE])
            if memory.sums[DROPPED] > caps.floor * memory.sums[TOTAL]:
                out[row, -1] = 1.0


def _compute(sides: Sides, labels: LabelEvents, codes: Int32s, as_of: Int64s) -> Rows:
    out = np.full((codes.size, len(EXPOSURE.columns)), np.nan)
    if labels.start.size:
        _exposure(sides, labels, codes, as_of, CAPS, empty_memory(CAPS, record=False), out)
    return out


def _trails(sides: Sides, labels: LabelEvents, code: int, as_of: int) -> list[Trail]:
    """Paths that prove a row, found by the search that made the row."""
    if not labels.start.size:
        return []
    memory = empty_memory(CAPS, record=True)
    trails = []
    for forward in (False, True):
        haircut_search(sides, labels, code, as_of, forward, CAPS, memory)
        trails += path_trails(memory, labels, forward=forward)
    return trails


_UNKNOWN = "; nan without labels"
_SOURCE = "haircut: Möser, Böhme and Breuker 2014; caps our own"
_WHOM = {
    "illicit": "labelled illicit",
    "licit": "labelled licit",
    "other": "labelled, but with none of the other categories",
}


def _templates(group: str) -> tuple[tuple[str, str], ...]:
    """Columns of one group of labelled wallets."""
    whom = _WHOM.get(group, f"labelled with category {group}")
    direct = f"value {{did}} whose {{who}} was {whom}"
    indirect = (
        f"value {{did}} that pro-rata tracing leads to wallets {whom}, through unlabelled wallets "
        f"only, at 2 to {CAPS.hops} hops"
    )
    share = f", over the sum {{did}}{_UNKNOWN}"
    return (
        (f"{group}_direct_{{d}}_amount", direct + _UNKNOWN),
        (f"{group}_direct_{{d}}_share", direct + share),
        (f"{group}_indirect_{{d}}_amount", indirect + _UNKNOWN),
        (f"{group}_indirect_{{d}}_share", indirect + share),
        (
            f"{group}_{{d}}_hops",
            f"fewest transfers between the wallet and one {whom}, along value {{did}}; "
            "nan if none was found or without labels",
        ),
    )


def _sourced(column: Column) -> Column:
    traced = "_indirect_" in column.name or column.name.endswith("_hops")
    return replace(column, source=_SOURCE) if traced else column


EXPOSURE = View(
    "exposure",
    2,
    (
        *map(
            _sourced,
            per_side(
                "exposure",
                *(template for group in GROUPS for template in _templates(group)),
                (
                    "searched_{d}_share",
                    "value {did} that was followed to a labelled wallet, to the wallet itself or "
                    "to where the ledger knows no more of it, through wallets whose transfers "
                    f"before it were all read, over the sum {{did}}{_UNKNOWN}",
                ),
            ),
        ),
        Column(
            "exposure_truncated_ratio",
            f"1 if more than {CAPS.floor} of the value of a side was not followed or went through "
            "a wallet of which earlier transfers were not read, else 0: of each side the "
            f"{CAPS.followed} largest pieces of value, at all hops together, are followed, to "
            f"{CAPS.hops} hops, through {CAPS.read} transfers of a wallet before each (and after, "
            f"for what was sent), pieces below {CAPS.floor} of the side's sum are not; "
            f"exposure_searched_in_share and _out_share say how much was followed{_UNKNOWN}",
        ),
    ),
    unconverted(_compute),
    unconverted_trails(_trails),
    defined_by=CATEGORY_WORDS,
)

EXPOSURES = frozenset(column.name for column in EXPOSURE.columns)
