"""How a launderer may hide from the columns of flows, each way a few lines, at growing prices.

A theft of ``Layering.value`` goes from a known thief to the wallet that is asked about, over some
hops, each cut into parts. A way to hide does the same and something more.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from experiments.common.laundering import chain_of_parts
from training.attacks.moves import Move, Target

HOUR_S, DAY_S = 3_600.0, 86_400.0


@dataclass(frozen=True, slots=True)
class Layering:
    """How the money goes without a trick.

    Parameters
    ----------
    hops, parts, width : int
        As :func:`experiments.common.laundering.chain_of_parts` takes them.
    rest_s : float
        Seconds from hop to hop.
    value : float
        In whole units of the asset.
    """

    hops: int = 6
    parts: int = 10
    width: int = 5
    rest_s: float = 6 * HOUR_S
    value: float = 100_000.0

    def moves(self, target: Target) -> list[Move]:
        """Transfers from the thief to the target."""
        ends = {"c0": target.bad, f"c{self.hops}": target.wallet}
        rows = chain_of_parts(
            self.hops, self.parts, width=self.width, step_s=self.rest_s, amount=self.value
        )
        between = sorted({name for _, *pair, _ in rows for name in pair} - ends.keys())
        names = ends | {name: target.fresh(number) for number, name in enumerate(between)}
        return [Move(after, names[a], names[b], amount) for after, a, b, amount in rows]


PLAIN = Layering()
Way = Callable[[Target], list[Move]]


@dataclass(frozen=True, slots=True)
class Evasion:
    """A way to hide.

    Parameters
    ----------
    name, level : str
        What is done, and how much of it.
    moves : callable
        What is done, from the target.
    """

    name: str
    level: str
    moves: Way


def passing(moves: list[Move], target: Target) -> list[str]:
    """Wallets between the thief and the target, in order of their first receipt."""
    ends = {target.bad, target.wallet}
    return [name for name in dict.fromkeys(move.recipient for move in moves) if name not in ends]


def first_receipt(moves: list[Move]) -> dict[str, float]:
    """Seconds at which each wallet first receives."""
    first: dict[str, float] = {}
    for move in moves:
        first.setdefault(move.recipient, move.after_s)
    return first


def more_parts(parts: int) -> Evasion:
    """Cut every hop into more pieces, through half as many wallets."""
    way = replace(PLAIN, parts=parts, width=parts // 2)
    return Evasion("more parts", f"{parts:,} a hop", way.moves)


def longer_rests(days: float) -> Evasion:
    """Let the money rest at every hop."""
    return Evasion("longer rests", f"{days:g} d a hop", replace(PLAIN, rest_s=days * DAY_S).moves)


def more_hops(hops: int) -> Evasion:
    """Go through more layers."""
    return Evasion("more hops", f"{hops} hops", replace(PLAIN, hops=hops).moves)


def topping_up(times: float) -> Evasion:
    """Bring own clean money to every first passing wallet: ``times`` the theft goes along."""

    def moves(target: Target) -> list[Move]:
        plain = PLAIN.moves(target)
        layer = {move.recipient for move in plain if move.sender == target.bad}
        clean = target.fresh(10_000)
        come = [
            Move(PLAIN.rest_s / 2 + second, clean, wallet, times * PLAIN.value / len(layer))
            for second, wallet in enumerate(sorted(layer))
        ]
        on = [
            move if move.sender == target.bad else move._replace(amount=move.amount * (1 + times))
            for move in plain
        ]
        return [*come, *on]

    return Evasion("topping up with clean money", f"{times:g} times the theft", moves)


def old_money(times: float) -> Evasion:
    """Let own clean money lie in every passing wallet, before the theft's comes and after."""

    def moves(target: Target) -> list[Move]:
        plain, clean = PLAIN.moves(target), target.fresh(10_000)
        held: dict[str, float] = {}
        for move in plain:
            held[move.recipient] = held.get(move.recipient, 0.0) + move.amount
        lying = [
            Move(second, clean, wallet, times * held[wallet])
            for second, wallet in enumerate(passing(plain, target))
        ]
        return [*lying, *(move._replace(after_s=move.after_s + DAY_S) for move in plain)]

    return Evasion("own clean money lying on the way", f"{times:g} times what passes", moves)


def clean_receipts(times: float) -> Evasion:
    """Pay the wallet that is asked about from own clean money."""

    def moves(target: Target) -> list[Move]:
        own = Move(0.0, target.fresh(10_000), target.wallet, times * PLAIN.value)
        return [own, *PLAIN.moves(target)]

    return Evasion("clean money to the last wallet", f"{times:g} times the theft", moves)


def keeping_rests(share: float) -> Evasion:
    """Leave a share of what comes behind, at every passing wallet."""

    def moves(target: Target) -> list[Move]:
        hop_of = {target.bad: 0}
        kept = []
        for move in PLAIN.moves(target):
            hop_of.setdefault(move.recipient, hop_of[move.sender] + 1)
            kept.append(move._replace(amount=move.amount * (1 - share) ** hop_of[move.sender]))
        return kept

    return Evasion("keeping a rest at every hop", f"{100 * share:g} %", moves)


def round_trips(count: int) -> Evasion:
    """Send what a passing wallet holds to another own wallet and back, before it goes on."""

    def moves(target: Target) -> list[Move]:
        plain = PLAIN.moves(target)
        first, step = first_receipt(plain), PLAIN.rest_s / 4 / count
        trips = []
        for number, wallet in enumerate(passing(plain, target)):
            other, begin = target.fresh(20_000 + number), first[wallet] + 0.6 * PLAIN.rest_s
            some = min(move.amount for move in plain if move.recipient == wallet)
            for trip in range(count):
                after = begin + trip * step
                trips += [
                    Move(after, wallet, other, some),
                    Move(after + step / 2, other, wallet, some),
                ]
        return [*plain, *trips]

    return Evasion("round trips on the way", f"{count:,} a wallet", moves)


def looking_like_a_service(payers: int) -> Evasion:
    """Let own fresh wallets pay every passing wallet a hundredth of what it holds in all."""

    def moves(target: Target) -> list[Move]:
        plain = PLAIN.moves(target)
        first, busy = first_receipt(plain), []
        for number, wallet in enumerate(passing(plain, target)):
            held = sum(move.amount for move in plain if move.recipient == wallet)
            amount, begin = held / 100, first[wallet] - 0.4 * PLAIN.rest_s
            busy += [
                Move(begin + payer * 0.3 * PLAIN.rest_s / payers,
                     target.fresh(30_000 + number * payers + payer), wallet, amount)
                for payer in range(payers)
            ]  # fmt: skip
        moved = [*plain, *busy]
        begin = min(move.after_s for move in moved)
        return [move._replace(after_s=move.after_s - begin) for move in moved]

    return Evasion("payers that make a service of each", f"{payers:,} a wallet", moves)


EVASIONS = (
    *map(more_parts, (20, 50, 100, 300, 1_000)),
    *map(longer_rests, (2, 8, 31, 100)),
    *map(more_hops, (9, 12, 17, 25)),
    *map(topping_up, (0.5, 1, 3, 10, 100)),
    *map(old_money, (0.5, 1, 3, 10)),
    *map(clean_receipts, (0.5, 1, 3, 10)),
    *map(keeping_rests, (0.05, 0.1, 0.2, 0.5)),
    *map(round_trips, (1, 10, 100, 1_000)),
    *map(looking_like_a_service, (10, 100, 999, 1_000)),
)
