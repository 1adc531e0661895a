"""Slow twin of the flow: payments of every wallet in plain Python, value in order of time."""

from collections import defaultdict
from typing import NamedTuple


class Move(NamedTuple):
    """A transfer; ``number`` is its place in the list."""

    number: int
    time: int
    tx: str
    sender: str
    recipient: str
    amount: float


def payments(moves: list[Move], wallet: str) -> dict[tuple[int, int], float]:
    """Amount by (receipt, sending) of one wallet."""
    mine = [m for m in moves if wallet in (m.sender, m.recipient) and m.sender != m.recipient]
    left = {m.number: m.amount for m in mine}
    paid: dict[tuple[int, int], float] = defaultdict(float)
    for tx in dict.fromkeys(m.tx for m in mine):
        came = [m for m in mine if m.tx == tx and m.recipient == wallet]
        went = [m for m in mine if m.tx == tx and m.sender == wallet]
        total_in, total_out = sum(m.amount for m in came), sum(m.amount for m in went)
        if not total_in or not total_out:
            continue
        for a in came:
            for b in went:
                paid[a.number, b.number] += a.amount * b.amount / max(total_in, total_out)
        cancelled = min(total_in, total_out)
        for m in came:
            left[m.number] *= (total_in - cancelled) / total_in
        for m in went:
            left[m.number] *= (total_out - cancelled) / total_out
    lots: list[list[list[float]]] = []
    spent: list[list[float]] = []
    received = again = 0.0
    fresh = True
    for m in sorted(mine, key=lambda m: (m.time, m.sender == wallet, m.number)):
        if left[m.number] == 0.0:
            continue
        if m.recipient == wallet:
            if fresh:
                lots.append([])
                fresh = False
            lots[-1].append([m.number, left[m.number]])
            received += left[m.number]
            continue
        fresh, due = True, left[m.number]
        while due > 0.0 and lots:
            part = lots[-1][0]
            taken = min(due, part[1])
            paid[int(part[0]), m.number] += taken
            spent.append([part[0], taken])
            due, part[1] = due - taken, part[1] - taken
            if part[1] <= 0.0:
                lots[-1].pop(0)
                if not lots[-1]:
                    lots.pop()
        due = min(due, received - again)
        while due > 0.0 and spent:
            part = spent[-1]
            taken = min(due, part[1])
            paid[int(part[0]), m.number] += taken
            due, again, part[1] = due - taken, again + taken, part[1] - taken
            if part[1] <= 0.0:
                spent.pop()
    return dict(paid)


def flow(moves: list[Move], asked: str, *, forward: bool) -> dict[int, float]:
    """Value by transfer; all times differ, no label, no service, nothing pruned."""
    value: dict[int, float] = defaultdict(float)
    for m in sorted(moves, key=lambda m: m.time if forward else -m.time):
        near, far = (m.sender, m.recipient) if forward else (m.recipient, m.sender)
        if near == asked and far != asked:
            value[m.number] += m.amount
        if not value[m.number] or far == asked:
            continue
        shares = {
            pair: amount
            for pair, amount in payments(moves, far).items()
            if pair[0 if forward else 1] == m.number
        }
        whole = max(m.amount, sum(shares.values()) if forward else 0.0)
        for pair, amount in shares.items():
            value[pair[1 if forward else 0]] += value[m.number] * amount / whole
    return {number: amount for number, amount in value.items() if amount > 0.0}
