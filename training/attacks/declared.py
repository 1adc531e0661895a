"""The attacks that are tried, each a few lines: ``ATTACKS`` is all of them.

Amounts are shares of what the target usually moves, which its history shows to everyone. Transfers
of one attack follow one another by a second.
"""

from __future__ import annotations

from training.attacks.moves import Attack, Move, Moves, Target

UNIT_DUST = 1e-9  # of an asset unit, whatever the target moves
COUNTS = (1, 3, 10, 100, 1_000, 10_000)
PARTS = (2, 20, 200, 2_000)
SHARES = (0.00099, 0.00101, 0.0099, 0.0101, 0.1, 1.0)  # around a thousandth and a hundredth
HOUR_S, DAY_S = 3_600.0, 86_400.0
DELAYS = {"1 h": HOUR_S, "1 d": DAY_S, "7 d": 7 * DAY_S, "30 d": 30 * DAY_S}
TRIPS, POISONED = (1, 10), (1, 10, 100)
READ, SCANNED = 64, 256  # transfers of a go-between that exposure reads, and looks at


def dust(count: int, share: float | None, *, known: bool = False, many: bool = False) -> Attack:
    """Pay the target ``count`` times; ``share`` of its usual sending, or ``UNIT_DUST`` if None.

    The payer is one fresh wallet, a ``known`` illicit one, or ``many``: a fresh one each time.
    """

    def moves(target: Target) -> list[Move]:
        amount = UNIT_DUST if share is None else share * target.usual
        return [
            Move(
                second, target.bad if known else target.fresh(second * many), target.wallet, amount
            )
            for second in range(count)
        ]

    payer = "a known illicit wallet" if known else "fresh wallets" if many else "one fresh wallet"
    size = f"{UNIT_DUST:g} units" if share is None else f"{100 * share:.3g} %"
    return Attack(
        f"payments from {payer}", f"{count:,} of {size}", "anyone", count, moves,
        reads="bad" if known else "",
    )  # fmt: skip


def poison(share: float) -> Attack:
    """Pay the target once, from a known illicit wallet, a share of all that it received."""

    def moves(target: Target) -> list[Move]:
        return [Move(0.0, target.bad, target.wallet, share * float(target.received.sum()))]

    name = "one payment from a known illicit wallet"
    return Attack(name, f"{100 * share:.3g} % of all receipts", "anyone", 1, moves, reads="bad")


def _through(target: Target, received: int, sent: int, wait_s: float = 1.0) -> list[Move]:
    """Money that comes in ``received`` parts and, after a wait, goes on in ``sent`` parts."""
    payer, payee = target.fresh(0), target.fresh(1)
    last = received - 1 + wait_s
    come = [
        Move(second, payer, target.wallet, target.usual / received) for second in range(received)
    ]
    go = [Move(last + part, target.wallet, payee, target.usual / sent) for part in range(sent)]
    return [*come, *go]


def _passed_on(target: Target) -> list[Move]:
    return _through(target, 1, 1)


def split_receipt(parts: int) -> Attack:
    """Receive the usual amount in parts."""
    return Attack(
        "own receipt in parts", f"{parts:,}", "owner", parts + 1,
        lambda target: _through(target, parts, 1), _passed_on,
    )  # fmt: skip


def split_sending(parts: int) -> Attack:
    """Send the usual amount in parts."""
    return Attack(
        "own sending in parts", f"{parts:,}", "owner", parts + 1,
        lambda target: _through(target, 1, parts), _passed_on,
    )  # fmt: skip


def delay(name: str, wait_s: float) -> Attack:
    """Let the usual amount rest before it is sent on."""
    return Attack(
        "waiting before sending on", name, "owner", 2,
        lambda target: _through(target, 1, 1, wait_s), _passed_on,
    )  # fmt: skip


def self_loops(count: int) -> Attack:
    """Send the usual amount to oneself."""

    def moves(target: Target) -> list[Move]:
        return [Move(t, target.wallet, target.wallet, target.usual) for t in range(count)]

    return Attack("transfers to itself", f"{count:,}", "owner", count, moves)


def round_trips(count: int) -> Attack:
    """Send the usual amount to another own wallet and back."""

    def moves(target: Target) -> list[Move]:
        ends = target.wallet, target.fresh(0)
        return [
            Move(2 * trip + back, ends[back], ends[1 - back], target.usual)
            for trip in range(count)
            for back in (0, 1)
        ]

    return Attack("round trips to another own wallet", f"{count:,}", "owner", 2 * count, moves)


def _like_another(target: Target) -> list[Move]:
    """Do all that the copied wallet did, with fresh wallets as its partners."""
    return [
        Move(step.after_s, *((other, own) if step.received else (own, other)), amount)
        for step in target.pattern
        for own, other, amount in (
            (target.wallet, target.fresh(step.partner), step.times * target.usual),
        )
    ]


MOST_COPIED = 60  # transfers of the wallet that is copied
COPY = Attack(
    "copying a low wallet's transfers", "all of them", "owner", MOST_COPIED, _like_another,
    reads="pattern",
)  # fmt: skip


def _layered(between: Moves) -> Moves:
    """Known illicit money through a hop to the target, and what happens at the hop between."""

    def moves(target: Target) -> list[Move]:
        hop = target.fresh(0)
        meantime = between(target)
        return [
            Move(0.0, target.bad, hop, target.usual),
            *meantime,
            Move(len(meantime) + 1.0, hop, target.wallet, target.usual),
        ]

    return moves


def busy_hop(count: int, share: float | None, name: str) -> Attack:
    """Pay the go-between ``count`` times while the money lies there: ``share`` in all, or dust."""

    def between(target: Target) -> list[Move]:
        amount = UNIT_DUST if share is None else share * target.usual / count
        return [
            Move(second + 1.0, target.fresh(1), target.fresh(0), amount) for second in range(count)
        ]

    return Attack(
        name, f"{count:,}", "owner", count + 2, _layered(between),
        _layered(lambda _target: []), reads="bad",
    )  # fmt: skip


def through_hub(times: int) -> Attack:
    """Let own money come and go through the busiest wallet there is, as through an exchange."""

    def moves(target: Target) -> list[Move]:
        payer, payee, hub = target.fresh(0), target.fresh(1), target.hub
        part = target.usual / times
        way = ((payer, hub), (hub, target.wallet), (target.wallet, hub), (hub, payee))
        return [
            Move(4.0 * trip + step, sender, recipient, part)
            for trip in range(times)
            for step, (sender, recipient) in enumerate(way)
        ]

    return Attack(
        "own money through a hub", f"{times:,}", "owner", 4 * times, moves, _passed_on
    )  # fmt: skip


def tainted_through_hub() -> Attack:
    """Let known illicit money come through the busiest wallet, not through one of its own."""

    def moves(target: Target) -> list[Move]:
        return [
            Move(0.0, target.bad, target.hub, target.usual),
            Move(1.0, target.hub, target.wallet, target.usual),
        ]

    return Attack(
        "known illicit money through a hub", "1", "owner", 2, moves, _layered(lambda _: []),
        reads="bad",
    )  # fmt: skip


def address_poisoning(count: int) -> Attack:
    """Put lookalikes of its partners into the target's history, as a thief does to be mispaid.

    Each pays it dust, and moves nothing out of it, which tokens let anyone do.

    References
    ----------
    Tsuchiya, Dong, Zhou, Christin, "Blockchain address poisoning" (USENIX Security 2025),
    section 3: tiny and zero-value transfers.
    """

    def moves(target: Target) -> list[Move]:
        return [
            move
            for number in range(count)
            for move in (
                Move(2.0 * number, target.fresh(number), target.wallet, UNIT_DUST),
                Move(2.0 * number + 1, target.wallet, target.fresh(number), 0.0),
            )
        ]

    return Attack("address poisoning", f"{count:,}", "anyone", 2 * count, moves)


DUST = (
    *(
        dust(count, share, known=known)
        for known in (False, True)
        for share in (None, *SHARES[:2])
        for count in COUNTS
    ),
    *(dust(count, SHARES[0], many=True) for count in (3, 100, 1_000)),
    *(dust(100, share) for share in SHARES[2:]),
)
POISON = tuple(poison(share) for share in (0.001, 0.01, 0.1))
OWN = (
    *map(split_receipt, PARTS),
    *map(split_sending, PARTS),
    *(delay(name, wait_s) for name, wait_s in DELAYS.items()),
    *map(self_loops, COUNTS[:-1]),
    *map(round_trips, COUNTS[:-1]),
    COPY,
)
HOPS = (
    busy_hop(SCANNED, None, "dust to a go-between"),
    busy_hop(READ, 1.0, "a go-between's own money"),
)
HUBS = (*map(through_hub, TRIPS), tainted_through_hub())
POISONING = tuple(map(address_poisoning, POISONED))
ATTACKS = (*DUST, *POISON, *OWN, *HOPS, *HUBS, *POISONING)
