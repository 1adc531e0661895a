"""Transfers of a transaction, in plain Python: a twin of features/sources/bitcoin/flows.py."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

Coin = tuple[str | None, int]


class Paid(NamedTuple):
    sender: str
    recipient: str
    amount: int
    fee: int


def net(inputs: Sequence[Coin], outputs: Sequence[Coin]) -> dict[str, int]:
    """Outputs less inputs of each address."""
    total: Counter[str] = Counter()
    for owner, value in inputs:
        assert owner is not None
        total[owner] -= value
    for owner, value in outputs:
        if owner is not None:
            total[owner] += value
    return {owner: value for owner, value in sorted(total.items()) if value}


def transfers(
    node: str, inputs: Sequence[Coin], outputs: Sequence[Coin], between: bool
) -> list[Paid]:
    """Who pays whom how many satoshi; ``between``: the transaction stands between them."""
    gained = net(inputs, outputs)
    payees = {owner: value for owner, value in gained.items() if value > 0}
    burnt = sum(value for owner, value in outputs if owner is None) if inputs else 0
    left = [*payees.items()] if not between else [(node, sum(payees.values()))]
    left = [*left, (node, burnt)] if not between else [(node, left[0][1] + burnt)]
    fee = sum(value for _, value in inputs) - sum(value for _, value in outputs) if inputs else 0
    left.append(("", fee))
    found: list[Paid] = []
    nothing = sum(value for _, value in left) == fee
    for payer, lost in gained.items():
        if lost > 0:
            continue
        whole, upto, before, shares = sum(v for _, v in left), 0, 0, []
        for _, value in left:
            upto += value
            shares.append(-lost * upto // whole - before)
            before += shares[-1]
        rows = [(left[j][0], part) for j, part in enumerate(shares[:-1]) if part]
        if not rows and shares[-1]:
            rows = [(payer if nothing else left[0][0], 0)]
        found += [
            Paid(payer, to, amount, shares[-1] if k == 0 else 0)
            for k, (to, amount) in enumerate(rows)
        ]
        left = [(to, value - part) for (to, value), part in zip(left, shares, strict=True)]
    if between:
        found += [Paid(node, owner, value, 0) for owner, value in payees.items()]
    return found
