"""What an address does with change and with itself: kept, reused, born as change, peeled."""

from typing import NamedTuple

import numpy as np

from features.contracts.wallet_kinds import PSEUDO
from features.past import History, Question, earlier, inner_kernel
from features.past.transactions import end_of_transaction, in_transaction
from features.views.utxo.columns import KEPT, PEEL_HOPS_CAP
from features.views.utxo.transactions import (
    NOBODY,
    Coins,
    is_new,
    largest,
    new_payees,
    shape_of_received,
    shape_of_sent,
)


class Peeled(NamedTuple):
    """Peelings in a row, and the value paid aside over that of the first of them, or nan."""

    hops: int
    share: float


@inner_kernel
def first_sending(coins: Coins, asked: Question) -> int:
    """Instant of the first transfer by which a wallet gave value; that of the past without one."""
    outgoing, sent = coins.outgoing, asked.sent
    counterparty, amount = outgoing.counterparty, outgoing.amount
    for i in range(sent.end - sent.total, sent.end):
        if amount[i] > 0.0 and counterparty[i] != asked.wallet:
            return int(outgoing.time[i])
    return asked.as_of


@inner_kernel
def kept_share(coins: Coins, asked: Question) -> float:
    """Share of the transactions sent after which a wallet held some of what it had before."""
    incoming, outgoing, wallet = coins.incoming, coins.outgoing, asked.wallet
    received, sent = asked.received, asked.sent
    if received.total > received.end - received.first or sent.total > sent.end - sent.first:
        return np.nan
    i, j, had, kept, n = received.first, sent.first, 0.0, 0, 0
    while j < sent.end:
        while i < received.end and incoming.time[i] <= outgoing.time[j]:
            had += 0.0 if incoming.counterparty[i] == wallet else incoming.amount[i]
            i += 1
        end, gone = end_of_transaction(outgoing, coins.tx_hash, j, sent.end), 0.0
        for k in range(j, end):
            gone += 0.0 if outgoing.counterparty[k] == wallet else outgoing.amount[k]
        j = end
        if gone > 0.0:
            n += 1
            kept += had > gone and had - gone >= KEPT * had
            had = max(had - gone, 0.0)
    return kept / n if n else np.nan


@inner_kernel
def born_as_change(coins: Coins, asked: Question) -> float:
    """1 where the first receipt of a wallet was as the one new payee of several; nan without."""
    incoming, received = coins.incoming, asked.received
    if received.total == 0:
        return np.nan
    first = received.end - received.total
    end = end_of_transaction(incoming, coins.tx_hash, first, received.end)
    shape = shape_of_received(coins, asked.wallet, first, end)
    if shape.top == NOBODY or shape.between != NOBODY or shape.payees < 2:
        return 0.0
    time, row = incoming.time[first], incoming.transfer[first]
    if not is_new(coins, asked.wallet, time):
        return 0.0
    payer = incoming.counterparty[shape.top] + 0
    begin, stop = in_transaction(coins.outgoing, coins.tx_hash, payer, time, row)
    return 1.0 if new_payees(coins, payer, begin, stop) == 1 else 0.0


@inner_kernel
def _peeling(coins: Coins, payer: int, first: int, end: int) -> int:
    """Place of the larger payment of a peeling, -1 where a transaction is none."""
    outgoing, kind = coins.outgoing, coins.kind
    counterparty, amount = outgoing.counterparty, outgoing.amount
    top, payees = largest(outgoing, payer, first, end)
    if payees != 2:
        return NOBODY
    for i in range(first, end):
        moves = amount[i] > 0.0 and counterparty[i] != payer
        alike = i != top and amount[i] == amount[top]
        if moves and (alike or kind[counterparty[i]] == PSEUDO):
            return NOBODY
    if shape_of_sent(coins, payer, first, end).payers != 1:
        return NOBODY
    return top if is_new(coins, counterparty[top] + 0, outgoing.time[top]) else NOBODY


@inner_kernel
def _latest(coins: Coins, sent: History) -> int:
    """First place of the latest transaction sent; the end where there is none."""
    time, transfer, tx_hash = coins.outgoing.time, coins.outgoing.transfer, coins.tx_hash
    first, last = sent.end, sent.end - 1
    while first > sent.first and (
        time[first - 1] == time[last] and tx_hash[transfer[first - 1]] == tx_hash[transfer[last]]
    ):
        first -= 1
    return first


@inner_kernel
def peeled_onward(coins: Coins, asked: Question) -> Peeled:
    """Follow peelings from the latest sending of a wallet on."""
    outgoing, tx_hash, here = coins.outgoing, coins.tx_hash, asked.wallet
    first, end = _latest(coins, asked.sent), asked.sent.end
    hops, aside, whole = 0, 0.0, 0.0
    while first < end and hops < PEEL_HOPS_CAP:
        top = _peeling(coins, here, first, end)
        if top == NOBODY:
            break
        total = 0.0
        for i in range(first, end):
            total += 0.0 if outgoing.counterparty[i] == here else outgoing.amount[i]
        whole = whole if hops else total
        aside += total - outgoing.amount[top]
        hops += 1
        here = outgoing.counterparty[top] + 0
        own = earlier(outgoing, here, asked.as_of)
        first, end = own.first, own.first
        if own.total:
            end = end_of_transaction(outgoing, tx_hash, first, own.end)
    return Peeled(hops, min(aside / whole, 1.0) if hops else np.nan)


@inner_kernel
def peeled_back(coins: Coins, asked: Question) -> int:
    """Peelings in a row up to the first receipt of a wallet."""
    incoming, outgoing, tx_hash, here = coins.incoming, coins.outgoing, coins.tx_hash, asked.wallet
    for hops in range(PEEL_HOPS_CAP):
        own = earlier(incoming, here, asked.as_of)
        if own.total == 0:
            return hops
        payer = incoming.counterparty[own.first] + 0
        time, row = incoming.time[own.first], incoming.transfer[own.first]
        first, end = in_transaction(outgoing, tx_hash, payer, time, row)
        top = _peeling(coins, payer, first, end)
        if top == NOBODY or outgoing.counterparty[top] != here:
            return hops
        if first > earlier(outgoing, payer, asked.as_of).first:  # it sent before
            return hops + 1
        here = payer
    return PEEL_HOPS_CAP
