"""Around: labelled wallets one and two steps away, whichever way the money went.

Exposure follows money, forward or backward. Here each of two steps goes either way, so that wallets
that share a payer or a payee meet there: payers of payers, other payees of a payer, other payers of
a payee, payees of payees. The order in time of the two steps does not matter. The wallet's own
label never counts, nor does a transfer that its recipient holds for dust. Without labels every
column is nan.

A busy wallet in between says little, so what is behind one counts as a share of its transfers, and
nobody is looked for behind a hub, nor behind a pseudo-wallet, whose payers and payees have nothing
else in common.
"""

import numpy as np

from features.contracts.categories import CATEGORY_WORDS
from features.kernel import Float64s, Rows
from features.past import (
    PSEUDO,
    History,
    Past,
    PastSide,
    Question,
    ask,
    cut,
    event_at,
    ever_labelled,
    inner_kernel,
    kernel,
    place_across,
    verdict_at,
)
from features.view import View, blocks
from features.views.around.columns import (
    ALL,
    COLUMNS,
    COUNT,
    HUB,
    HUBS,
    KNOWN,
    OF,
    OF_KNOWN,
    RATIO,
    SHARE,
    WORK,
)
from features.views.around.met import (
    AHEAD,
    BACK,
    Memory,
    Way,
    count,
    empty_memory,
    forget,
    latest,
    meet,
)


@inner_kernel
def _one_step(past: Past, facing: PastSide, n: int, memory: Memory, line: Float64s) -> None:
    """Add the labelled ones among ``n`` counterparties; ``facing`` is their side of the way."""
    labels, found = past.labels, memory.found
    for k in range(n):
        event = event_at(labels, found[k])
        if event >= 0:
            count(labels, event, 0, line)
            known = verdict_at(labels, event)
            if known >= 0:
                line[RATIO[0, known]] += 1.0 / cut(facing, found[k]).total
    for known in range(len(KNOWN)):
        line[SHARE[0, known]] = line[COUNT[0, known]] / n


@inner_kernel
def _read(
    past: Past, own: History, between: int, way: Way, memory: Memory, line: Float64s, met: int
) -> int:
    """Add whom one wallet dealt with, its transfers ``own``; ``met`` wallets were met before.

    Returns
    -------
    int
        How many were met by now.
    """
    forward, labels, hits = way.step == AHEAD, past.labels, memory.hits
    side = past.outgoing if forward else past.incoming
    counterparty, start, others = side.counterparty, labels.start, 0
    hits[:] = 0.0
    for place in range(own.first, own.end):
        other = counterparty[place]
        if other == way.wallet:
            continue
        others += 1
        if other == between or not ever_labelled(start, other):
            continue
        event = event_at(labels, other)
        if event < 0 or (forward and place_across(side, place, past.incoming) < 0):
            continue
        known = verdict_at(labels, event)
        if known >= 0:
            hits[known] += 1.0
        if meet(memory, met, other):
            met += 1
            count(labels, event, way.step, line)
    for known in range(len(KNOWN)):
        if hits[known] > 0.0:
            part = hits[known] / others
            line[RATIO[way.step, known]] += part
            line[SHARE[way.step, known]] = max(line[SHARE[way.step, known]], part)
    return met


@inner_kernel
def _behind(past: Past, n: int, way: Way, memory: Memory, line: Float64s) -> bool:
    """Add the wallets behind ``n`` counterparties; whether all that is behind them was read."""
    side, found = past.outgoing if way.step == AHEAD else past.incoming, memory.found
    kind = past.kind
    forget(memory)
    left, met, hubs, whole = WORK, 0, 0, True
    for k in range(n):
        own = cut(side, found[k])
        if own.total > HUB or kind[found[k]] == PSEUDO:
            hubs += 1
        elif own.total > left:
            whole = False
        else:
            left -= own.total
            met = _read(past, own, found[k], way, memory, line, met)
    line[HUBS[way.step]] = hubs / n
    return whole


@inner_kernel
def _side(past: Past, forward: bool, asked: Question, memory: Memory, line: Float64s) -> bool:
    """Fill the columns of one side; whether everything was read."""
    n, whole = latest(past, forward, asked, memory)
    if n == 0:
        return whole
    for place in range(line.size):
        line[place] = 0.0
    facing = past.incoming if forward else past.outgoing
    _one_step(past, facing, n, memory, line)
    for step in (BACK, AHEAD):
        whole &= _behind(past, n, Way(asked.wallet, step), memory, line)
    for step in range(COUNT.shape[0]):
        illicit, licit = line[COUNT[step, 0]], line[COUNT[step, 1]]
        line[OF_KNOWN[step]] = illicit / (illicit + licit) if illicit + licit > 0.0 else np.nan
    return whole


@kernel
def _around(past: Past, memory: Memory, out: Rows) -> None:
    for row in range(out.shape[0]):
        asked = ask(past, row)
        received, sent, both = blocks(out[row], len(OF))
        whole = _side(past, False, asked, memory, received)
        whole &= _side(past, True, asked, memory, sent)
        both[ALL.truncated_ratio] = 0.0 if whole else 1.0


def _compute(past: Past, out: Rows) -> None:
    if past.labels.start.size:
        _around(past, empty_memory(), out)


AROUND = View("around", 3, COLUMNS, _compute, defined_by=CATEGORY_WORDS)
