"""The slow twin of the peel chains."""

import math
from collections.abc import Callable
from typing import NamedTuple

from tests.naive.past import DAY, NAN, Past, Row, Transfer, between

HOPS, TRIED, HUB = 32, 128, 100
NEARLY = 1 + 1e-9


class Step(NamedTuple):
    """How a transfer was given on."""

    main: Transfer
    peels: list[Transfer]


def peel(past: Past, wallet: str) -> tuple[Row, bool]:
    """Columns of the peel chain through a wallet, and whether a cap cut it short."""
    received, sent = past.read(wallet)
    moves = sorted([(t.time, False, t) for t in received] + [(t.time, True, t) for t in sent],
                   key=lambda move: move[:2])  # fmt: skip
    own = [(out, t) for _, out, t in reversed(moves) if t.amount and t.sender != t.recipient]
    for out, transfer in own[:TRIED]:
        earlier, more_before = walk(past, transfer, previous)
        later, more_after = walk(past, transfer, following)
        if earlier or later:
            chain = [*reversed(earlier), transfer, *later]
            given_on = [steps(past, hop) for hop in chain[:-1]]
            peels = [t.amount for step in given_on if step for t in step.peels]
            row = {
                "peel_length_hops": float(len(chain)),
                "peel_position_hops": float(len(earlier) + (not out)),
                "peel_share": math.fsum(peels) / chain[0].amount,
            }
            return row, more_before or more_after
    return {"peel_length_hops": 0.0, "peel_position_hops": 0.0, "peel_share": NAN}, len(own) > TRIED


def walk(
    past: Past, start: Transfer, neighbour: Callable[[Past, Transfer], Transfer | None]
) -> tuple[list[Transfer], bool]:
    """Transfers that follow one another, and whether there are more than the cap."""
    found: list[Transfer] = []
    while len(found) <= HOPS:
        transfer = neighbour(past, found[-1] if found else start)
        if transfer is None:
            return found, False
        found.append(transfer)
    return found[:HOPS], True


def steps(past: Past, transfer: Transfer) -> Step | None:
    """The two to four sendings that give a transfer on."""
    sent = between(past.sent.get(transfer.recipient, []), transfer.time + 1, transfer.time + DAY)
    if len(sent) > HUB:
        return None
    moved = [t for t in sent if t.amount and t.recipient != t.sender]
    fitting = [
        moved[:n]
        for n in (2, 3, 4)
        if n <= len(moved) and math.fsum(t.amount for t in moved[:n]) <= transfer.amount * NEARLY
    ]
    if not fitting:
        return None
    parts = fitting[-1]
    main = max(parts, key=lambda t: t.amount)
    if math.fsum(t.amount for t in parts) * NEARLY < 0.9 * transfer.amount:
        return None
    if main.amount < transfer.amount / 2:
        return None
    return Step(main, [t for t in parts if t is not main])


def following(past: Past, transfer: Transfer) -> Transfer | None:
    """The transfer that continues another."""
    step = steps(past, transfer)
    return step.main if step else None


def previous(past: Past, transfer: Transfer) -> Transfer | None:
    """The latest receipt that the transfer continues."""
    received = between(
        past.received.get(transfer.sender, []), transfer.time - DAY, transfer.time - 1
    )
    if len(received) > HUB:
        return None
    continued = [
        t
        for t in received
        if t.amount and t.sender != t.recipient and following(past, t) == transfer
    ]
    return continued[-1] if continued else None
