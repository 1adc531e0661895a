"""View ``utxo``: CoinJoins near an address, script types, shapes of transactions, change, peeling.

All of it is told by address flows (:mod:`features.sources.bitcoin.flows`): what an address pays to
itself is netted there, and a transaction is told by the transfers of one id at one instant. Where a
wallet is no address of a chain of coins, and of the pseudo-wallets of such a chain, all is nan.
"""

import numpy as np

from features.contracts.wallet_kinds import P2PKH, P2SH, P2TR, P2WPKH, P2WSH
from features.kernel import Records, Rows
from features.past import History, Question, TracedPast, ask, inner_kernel, kernel, traced_past
from features.past.transactions import end_of_transaction
from features.view import View, blocks
from features.views.utxo.behaviour import (
    born_as_change,
    first_sending,
    kept_share,
    peeled_back,
    peeled_onward,
)
from features.views.utxo.columns import ALL, BATCH, COLUMNS, OF, READ_CAP
from features.views.utxo.mixes import Memory, empty_memory, mix_of, to_mix
from features.views.utxo.transactions import (
    NOBODY,
    Coins,
    Shape,
    new_payees,
    shape_of_received,
    shape_of_sent,
)

_COUNTS = (
    "transactions", "payers", "payees", "batches", "equal", "types", "sweeps", "pairs", "copaid",
    "consolidations", "changes", "reused",
)  # fmt: skip
_VALUES = ("value", "mixed", "mined", "addressed", "same_script")
TALLY = np.dtype([(name, np.int64) for name in _COUNTS] + [(name, np.float64) for name in _VALUES])
_NOTHING = np.zeros(1, TALLY)


@inner_kernel
def _count_scripts(coins: Coins, wallet: int, run: History, sent: bool, tally: Records) -> None:
    """Add the value of a run of transfers, and whom by script type it went to or came from."""
    side = coins.outgoing if sent else coins.incoming
    own, kind, of = coins.kind[wallet], coins.kind, tally[0]
    for i in range(run.first, run.end):
        other, value = side.counterparty[i], side.amount[i]
        if other == wallet or value == 0.0:
            continue
        of["value"] += value
        if kind[other] >= P2PKH:
            of["addressed"] += value
            of["same_script"] += value if kind[other] == own else 0.0
            of["types"] |= 1 << kind[other]


@inner_kernel
def _count_shape(shape: Shape, tally: Records) -> None:
    of = tally[0]
    of["transactions"] += 1
    of["payers"] += shape.payers
    of["payees"] += shape.payees
    of["batches"] += shape.payees >= BATCH


@inner_kernel
def _count_own(coins: Coins, wallet: int, shape: Shape, run: History, tally: Records) -> None:
    """Add a transaction that a wallet sent and nobody stands in."""
    of = tally[0]
    of["sweeps"] += shape.payees == 1
    of["pairs"] += shape.payers == 1 and shape.payees == 2
    of["copaid"] += shape.payers > 1
    of["consolidations"] += shape.payers > 1 and shape.payees == 1
    if shape.payees > 1:
        of["changes"] += new_payees(coins, wallet, run.first, run.end) == 1


@kernel
def _count_mix(
    coins: Coins, shape: Shape, run: History, sent: bool, memory: Memory, tally: Records
) -> None:
    """Add a transaction that a pseudo-wallet stands for."""
    side, of = coins.outgoing if sent else coins.incoming, tally[0]
    mix = mix_of(coins, shape.between, side, shape.top, memory.amount)
    value = 0.0
    for i in range(run.first, run.end):
        value += side.amount[i] if side.counterparty[i] == shape.between else 0.0
    if mix.found:
        of["mixed"] += value
        of["equal"] = max(of["equal"], mix.most if sent else mix.same)
    elif shape.payers == 0:
        of["mined"] += value


@kernel
def _tally(
    coins: Coins, asked: Question, own: History, sent: bool, memory: Memory, tally: Records
) -> None:
    """Count what is read of one side into ``tally``, shape (1,)."""
    tally[0] = _NOTHING[0]
    side, wallet = coins.outgoing if sent else coins.incoming, asked.wallet
    began, i = first_sending(coins, asked), own.first
    while i < own.end:
        run = History(i, end_of_transaction(side, coins.tx_hash, i, own.end), 0)
        i = run.end
        _count_scripts(coins, wallet, run, sent, tally)
        shape = (
            shape_of_sent(coins, wallet, run.first, run.end)
            if sent
            else shape_of_received(coins, wallet, run.first, run.end)
        )
        if shape.top == NOBODY:
            continue
        _count_shape(shape, tally)
        tally[0]["reused"] += side.time[run.first] > began
        if shape.between != NOBODY:
            _count_mix(coins, shape, run, sent, memory, tally)
        elif sent:
            _count_own(coins, wallet, shape, run, tally)


@inner_kernel
def _write_side(tally: Records, line: Rows) -> None:
    """Fill the columns that both sides have, of a side with transactions."""
    of, types = tally[0], 0
    n = of["transactions"]
    if n == 0:
        return
    for kind in range(P2PKH, 16):
        types += of["types"] >> kind & 1
    line[OF.coinjoin_share] = min(of["mixed"] / of["value"], 1.0)
    line[OF.equal_count], line[OF.script_types_count] = of["equal"], types
    if of["addressed"] > 0.0:
        line[OF.same_script_share] = min(of["same_script"] / of["addressed"], 1.0)
    line[OF.payers_count], line[OF.payees_count] = of["payers"] / n, of["payees"] / n
    line[OF.batch_share] = of["batches"] / n


@inner_kernel
def _write_sent(tally: Records, both: Rows) -> None:
    """Fill the columns of what was sent alone."""
    of = tally[0]
    n = of["transactions"]
    both[ALL.sweep_share], both[ALL.pair_share] = of["sweeps"] / n, of["pairs"] / n
    both[ALL.copaid_share] = of["copaid"] / n
    both[ALL.consolidation_share] = of["consolidations"] / n
    both[ALL.change_share] = of["changes"] / n


@inner_kernel
def _read(own: History) -> History:
    return History(max(own.first, own.end - READ_CAP), own.end, own.total)


@kernel
def _row(coins: Coins, asked: Question, memory: Memory, tally: Records, line: Rows) -> None:
    """Fill the columns of an address."""
    came, went, both = blocks(line, len(OF))
    cut_short = False
    for sent in (False, True):
        own, out = (_read(asked.sent), went) if sent else (_read(asked.received), came)
        _tally(coins, asked, own, sent, memory, tally)
        _write_side(tally, out)
        near = to_mix(coins, asked.wallet, own, sent, memory)
        if near.hops > 0:
            out[OF.coinjoin_hops] = near.hops
        cut_short |= near.cut_short or own.total > own.end - own.first
        n = tally[0]["transactions"]
        if n and sent:
            _write_sent(tally, both)
            peeled = peeled_onward(coins, asked)
            out[OF.peel_hops], both[ALL.peeled_share] = peeled.hops, peeled.share
        elif n:
            out[OF.peel_hops] = peeled_back(coins, asked)
            both[ALL.mined_share] = min(tally[0]["mined"] / tally[0]["value"], 1.0)
            both[ALL.reused_share] = tally[0]["reused"] / n
    both[ALL.born_as_change_ratio] = born_as_change(coins, asked)
    both[ALL.kept_share] = kept_share(coins, asked)
    own_kind = coins.kind[asked.wallet]
    if asked.received.total + asked.sent.total:
        both[ALL.script_hash_ratio] = own_kind in (P2SH, P2WSH)
        both[ALL.witness_ratio] = own_kind in (P2WPKH, P2WSH, P2TR)
        both[ALL.truncated_ratio] = cut_short


@kernel
def _utxo(given: TracedPast, out: Rows) -> None:
    past, memory, tally = given.past, empty_memory(), np.zeros(1, TALLY)
    coins = Coins(past.incoming, past.outgoing, given.tx_hash, past.kind)
    for row in range(out.shape[0]):
        asked = ask(past, row)
        if asked.wallet >= 0 and coins.kind[asked.wallet] >= P2PKH:
            _row(coins, asked, memory, tally, out[row])


UTXO = View("utxo", 1, COLUMNS, _utxo, given=traced_past)
