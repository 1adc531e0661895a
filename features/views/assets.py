"""Assets: of how many a wallet moves value, of which kinds, and what it swaps.

A transaction in which a wallet gives one asset and takes another, from the same counterparty or by
way of a router, is a swap: a conversion of its own money, up to the lesser of the two values. In a
ledger of one asset there is nothing to tell.
"""

from math import log

from features.contracts.assets import KINDS, NATIVE, STABLECOIN, definition
from features.kernel import Int32s, Rows, slot_of, table_mask
from features.past import (
    HISTORY_CAP,
    AssetPast,
    History,
    PastSide,
    Question,
    ask,
    inner_kernel,
    kernel,
    past_with_assets,
)
from features.past.distinct import Distinct, empty_distinct
from features.past.transactions import end_of_transaction, next_in_both
from features.view import View, blocks, of_both, per_side, places

_READ = f"of the latest {HISTORY_CAP:,} transfers {{did}}"
_SIDE = (
    ("different_{d}_count", f"different assets {_READ}"),
    ("entropy_{d}_ratio", f"entropy, in nats, of the value {_READ} over assets"),
    ("stablecoin_{d}_share", f"value in tokens of a promised price, over all value {_READ}"),
    ("native_{d}_share", f"value in the chain's own coin, over all value {_READ}"),
    ("other_{d}_share", f"value in all other assets, over all value {_READ}"),
    (
        "swapped_{d}_share",
        "value {did} in swaps (transactions in which it gave one asset and took another), in each "
        f"up to the lesser of what it gave and took, over all value {_READ}",
    ),
)
_BOTH = (
    (
        "swaps_count",
        f"transactions, of the latest {HISTORY_CAP:,} transfers of each side, in which it gave one "
        "asset and took another",
    ),
)
_OF, _ALL = places(*_SIDE), places(*_BOTH)


@inner_kernel
def _asset(asset: Int32s, row: int) -> int:
    """Code of the asset of a row; all are of one where no codes are held."""
    return int(asset[row]) if asset.size else 0


@inner_kernel
def _by_asset(side: PastSide, asset: Int32s, own: History, memory: Distinct) -> int:
    """Fill ``memory`` with the value of each asset, in order of appearance; how many there are."""
    transfer, amount = side.transfer, side.amount
    table, code, value = memory.table, memory.code, memory.value
    mask, found = table_mask(2 * (own.end - own.first)), 0
    for slot in range(mask + 1):
        table[slot] = 0
    for i in range(own.first, own.end):
        of = _asset(asset, transfer[i])
        slot = slot_of(table, code, mask, of)
        at = table[slot] - 1
        if at < 0:
            at = found
            found += 1
            code[at], value[at] = of, 0.0
            table[slot] = found
        value[at] += amount[i]
    return found


@inner_kernel
def _side(given: AssetPast, side: PastSide, own: History, memory: Distinct, line: Rows) -> float:
    """Fill the columns of one side, but for the swaps; returns its value."""
    code, value, kind = memory.code, memory.value, given.kind
    line[_OF.different_count] = 0.0
    if own.first == own.end:
        return 0.0
    found = _by_asset(side, given.asset, own, memory)
    line[_OF.different_count] = found
    total = 0.0
    for k in range(found):
        total += value[k]
    if total == 0.0:
        return 0.0
    entropy = stablecoin = native = 0.0
    for k in range(found):
        part = value[k] / total
        if part > 0.0:
            entropy -= part * log(part)
        stablecoin += part if kind[code[k]] == STABLECOIN else 0.0
        native += part if kind[code[k]] == NATIVE else 0.0
    line[_OF.entropy_ratio] = entropy
    line[_OF.stablecoin_share], line[_OF.native_share] = stablecoin, native
    line[_OF.other_share] = max(1.0 - stablecoin - native, 0.0)
    return total


@inner_kernel
def _moved(side: PastSide, asset: Int32s, wallet: int, first: int, end: int) -> tuple[float, int]:
    """Value of some transfers, those to itself left out, and their asset: -2 where of several."""
    transfer, counterparty, amount = side.transfer, side.counterparty, side.amount
    total, one = 0.0, -1
    for i in range(first, end):
        if counterparty[i] == wallet or amount[i] == 0.0:
            continue
        total += amount[i]
        of = _asset(asset, transfer[i])
        one = of if one in (-1, of) else -2
    return total, one


@inner_kernel
def _swaps(given: AssetPast, asked: Question) -> tuple[int, float]:
    """How often a wallet swapped, and how much value."""
    incoming, outgoing, tx_hash = given.past.incoming, given.past.outgoing, given.tx_hash
    i, j, wallet = asked.received.first, asked.sent.first, asked.wallet
    swaps, swapped = 0, 0.0
    while True:
        took, gave = History(i, asked.received.end, 0), History(j, asked.sent.end, 0)
        i, j = next_in_both(incoming, outgoing, tx_hash, took, gave)
        if i == asked.received.end:
            return swaps, swapped
        i_end = end_of_transaction(incoming, tx_hash, i, asked.received.end)
        j_end = end_of_transaction(outgoing, tx_hash, j, asked.sent.end)
        came, of_came = _moved(incoming, given.asset, wallet, i, i_end)
        went, of_went = _moved(outgoing, given.asset, wallet, j, j_end)
        if min(came, went) > 0.0 and (of_came != of_went or of_came == -2):
            swaps += 1
            swapped += min(came, went)
        i, j = i_end, j_end


@kernel
def _assets(given: AssetPast, out: Rows) -> None:
    past, memory = given.past, empty_distinct()
    for row in range(out.shape[0]):
        asked = ask(past, row)
        received, sent, both = blocks(out[row], len(_OF))
        came = _side(given, past.incoming, asked.received, memory, received)
        went = _side(given, past.outgoing, asked.sent, memory, sent)
        swaps, swapped = _swaps(given, asked) if given.asset.size else (0, 0.0)
        both[_ALL.swaps_count] = swaps
        if came > 0.0:
            received[_OF.swapped_share] = min(swapped / came, 1.0)
        if went > 0.0:
            sent[_OF.swapped_share] = min(swapped / went, 1.0)


_COLUMNS = (*per_side("assets", *_SIDE), *of_both("assets", *_BOTH))
ASSETS = View(
    "assets", 2, _COLUMNS, _assets, defined_by=(*KINDS, definition()), given=past_with_assets
)
