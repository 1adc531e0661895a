"""Transactions of coins as address flows tell them: who pays, who is paid, who stands between.

A transfer moves value if it is of more than 0 and not to its own sender. What a transaction is, one
of its wallets sees only in part: the payers of what it sent are told by the payee of the largest
part, which got something of each; the payees of what it received by the payer of the largest part.
Where a pseudo-wallet stands between, it tells both.
"""

from typing import NamedTuple

from features.contracts.wallet_kinds import PSEUDO
from features.kernel import Int8s, UInt64s
from features.past import PastSide, earlier, inner_kernel
from features.past.transactions import in_transaction
from features.views.utxo.columns import RUN_CAP

NOBODY = -1


class Coins(NamedTuple):
    """What is read of a past: see :class:`features.past.Past` and ``TracedPast``."""

    incoming: PastSide
    outgoing: PastSide
    tx_hash: UInt64s
    kind: Int8s


class Shape(NamedTuple):
    """A transaction: how many pay and are paid, and who stands between, ``NOBODY`` or a code.

    ``top`` is the place, on the side of the wallet that sees it, of the largest transfer; with
    ``NOBODY`` nothing moves.
    """

    payers: int
    payees: int
    between: int
    top: int


@inner_kernel
def largest(side: PastSide, wallet: int, first: int, end: int) -> tuple[int, int]:
    """Place of the first of the largest transfers that move value, and how many move some."""
    counterparty, amount = side.counterparty, side.amount
    top, n = NOBODY, 0
    for i in range(first, end):
        if amount[i] > 0.0 and counterparty[i] != wallet:
            n += 1
            if top == NOBODY or amount[i] > amount[top]:
                top = i
    return top, n


@inner_kernel
def run_of(
    side: PastSide, tx_hash: UInt64s, wallet: int, like: PastSide, place: int
) -> tuple[int, int, int]:
    """Places of a wallet's transfers of the transaction of a place of a side.

    At most ``RUN_CAP``; and how many of them move value.
    """
    first, end = in_transaction(side, tx_hash, wallet, like.time[place], like.transfer[place])
    end = min(end, first + RUN_CAP)
    _, n = largest(side, wallet, first, end)
    return first, end, n


@inner_kernel
def shape_of_sent(coins: Coins, wallet: int, first: int, end: int) -> Shape:
    """Shape of a transaction by the places of what a wallet sent in it."""
    incoming, outgoing, tx_hash = coins.incoming, coins.outgoing, coins.tx_hash
    top, payees = largest(outgoing, wallet, first, end)
    if top == NOBODY:
        return Shape(0, 0, NOBODY, NOBODY)
    payee = outgoing.counterparty[top] + 0  # a sum is an int64, where codes are int32
    payers = max(run_of(incoming, tx_hash, payee, outgoing, top)[2], 1)
    if coins.kind[payee] == PSEUDO:
        passed_on = run_of(outgoing, tx_hash, payee, outgoing, top)[2]
        if passed_on:
            return Shape(payers, passed_on, payee, top)
    return Shape(payers, payees, NOBODY, top)


@inner_kernel
def shape_of_received(coins: Coins, wallet: int, first: int, end: int) -> Shape:
    """Shape of a transaction by the places of what a wallet received in it."""
    incoming, outgoing, tx_hash = coins.incoming, coins.outgoing, coins.tx_hash
    top, payers = largest(incoming, wallet, first, end)
    if top == NOBODY:
        return Shape(0, 0, NOBODY, NOBODY)
    payer = incoming.counterparty[top] + 0
    payees = run_of(outgoing, tx_hash, payer, incoming, top)[2]
    if coins.kind[payer] == PSEUDO:
        return Shape(run_of(incoming, tx_hash, payer, incoming, top)[2], payees, payer, top)
    return Shape(payers, payees, NOBODY, top)


@inner_kernel
def is_new(coins: Coins, wallet: int, time: int) -> bool:
    """Whether a wallet had no transfer before an instant."""
    received = earlier(coins.incoming, wallet, time).total
    return received == 0 and earlier(coins.outgoing, wallet, time).total == 0


@inner_kernel
def new_payees(coins: Coins, wallet: int, first: int, end: int) -> int:
    """How many addresses that a wallet paid in a transaction are new."""
    outgoing, kind, n = coins.outgoing, coins.kind, 0
    counterparty, amount, time = outgoing.counterparty, outgoing.amount, outgoing.time
    for i in range(first, end):
        payee = counterparty[i] + 0
        if amount[i] > 0.0 and payee != wallet and kind[payee] != PSEUDO:
            n += is_new(coins, payee, time[i])
    return n
