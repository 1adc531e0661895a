"""Whether arrays that come from elsewhere lead where they may: kernels trust them blindly."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import numpy as np
import pyarrow as pa

from features.contracts.transfers import MAX_AMOUNT
from features.contracts.wallet_kinds import NONSTANDARD, OTHER
from features.kernel import kernel
from features.ledger.assets import Assets
from features.ledger.materiality import Scales
from features.ledger.side import Side
from features.ledger.state import State

_RULES = (
    "",
    "a slice does not begin where the one before it ends",
    "the code of a counterparty belongs to no wallet",
    "the number of a row belongs to no transfer",
    "the times of a wallet do not ascend",
    f"an amount is not from 0 to {MAX_AMOUNT:g}",
    "a transfer without a price has a value",
)


def fault(state: State) -> str:
    """What is wrong with a ledger that was mapped from files, in words; empty if nothing is.

    One pass over what leads from array to array: slices, codes, rows, ends of texts, and over
    times, amounts and names, which every score reads.
    """
    try:
        state.wallets.text.validate(full=True)
    except pa.ArrowInvalid as error:
        return f"wallets: no valid text ({error})"
    if not _ends_ascend(state.transactions.text):
        return "tx_ids: a text does not begin where the one before it ends"
    sender = state.sender
    if sender.size and not 0 <= int(sender.min()) <= int(sender.max()) < state.n_wallets:
        return "sender: the code of a wallet belongs to none"
    sizes = state.n_wallets, state.n_transfers
    unpriced = state.unpriced
    with ThreadPoolExecutor(1) as other:
        incoming = other.submit(_broken_rule, state.incoming.side, *sizes, True)
        outgoing = _broken_rule(state.outgoing.side, *sizes, True)
    broken = {
        "incoming": incoming.result(),
        "outgoing": outgoing,
        "dust": _broken_rule(state.dust.side, *sizes, True),
        "unpriced.incoming": _broken_rule(unpriced.incoming.side, *sizes, False),
        "unpriced.outgoing": _broken_rule(unpriced.outgoing.side, *sizes, False),
    }
    for side, rule in broken.items():
        if rule:
            return f"{side}: {_RULES[rule]}"
    kind = state.kinds.kind
    if kind.size and not OTHER <= int(kind.min()) <= int(kind.max()) <= NONSTANDARD:
        return "kind: a wallet is of a kind that there is not"
    return _lost_beginning(state.scales) or _bad_assets(state.assets)


def _bad_assets(assets: Assets) -> str:
    """What is wrong with what rows are of."""
    try:
        assets.names.text.validate(full=True)
    except pa.ArrowInvalid as error:
        return f"assets: no valid text ({error})"
    code, amount = assets.code, assets.amount
    if code.size and not 0 <= int(code.min()) <= int(code.max()) < len(assets.names):
        return "asset: the code of an asset belongs to none"
    if not ((amount >= 0.0) & (amount <= MAX_AMOUNT)).all():
        return f"amount: one is not from 0 to {MAX_AMOUNT:g}"
    return ""


def _lost_beginning(scales: Scales) -> str:
    """What is wrong with the places of beginnings: each leads to one before it, or to none."""
    begun, former = scales.begun, scales.beginnings["former"]
    if begun.size and not -1 <= int(begun.min()) <= int(begun.max()) < scales.used:
        return "begun: the place of a beginning leads to none"
    if ((former < -1) | (former >= np.arange(former.size))).any():
        return "beginnings: one does not lead to one before it"
    return ""


def _ends_ascend(text: pa.LargeStringArray) -> bool:
    _, offsets, data = cast("list[Any]", text.buffers())
    if offsets is None or not len(text):
        return not len(text)
    ends = np.frombuffer(offsets, dtype=np.int64)[text.offset : text.offset + len(text) + 1]
    size = 0 if data is None else data.size
    return bool(ends[0] >= 0 and ends[-1] <= size and (ends[1:] >= ends[:-1]).all())


@kernel
def _broken_rule(side: Side, wallets: int, rows: int, priced: bool) -> int:
    """Number of a rule that a side without slack breaks, 0 for none."""
    start, count, time, amount = side.start, side.count, side.time, side.amount
    counterparty, transfer = side.counterparty, side.transfer
    end = 0
    for wallet in range(start.size):
        if start[wallet] != end or count[wallet] < 0 or count[wallet] > time.size - end:
            return 1
        first = end
        end += count[wallet]
        for i in range(first, end):
            if counterparty[i] < 0 or counterparty[i] >= wallets:
                return 2
            if transfer[i] < 0 or transfer[i] >= rows:
                return 3
            if i > first and time[i] < time[i - 1]:
                return 4
            if priced and not 0.0 <= amount[i] <= MAX_AMOUNT:
                return 5
            if not priced and not (np.isnan(amount[i]) or amount[i] == 0.0):
                return 6
    return 0 if end == time.size else 1
