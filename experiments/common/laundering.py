"""The planted world: laundering of graded difficulty among ordinary wallets, with its truth.

A theft's money goes from the thief through layers of wallets (:mod:`experiments.common.flows`):
split, merged, rested, swapped, mixed with clean money, and ends at deposit addresses of exchanges
that ordinary customers use too. The others are a random background and ordinary business that
looks alike (:mod:`experiments.common.ordinary`).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments.common import synthetic
from experiments.common.flows import Ints, Layer, Moves, Plan, layered
from experiments.common.ordinary import Town, live
from experiments.common.synthetic import DAY_S, START, hex_names

HOPS = tuple(range(2, 13))
PARTS = (3, 100)  # drawn evenly over their logarithm
RESTS_S = {"10 min": 600.0, "6 h": 6 * 3_600.0, "2 d": 2.0 * DAY_S, "7 d": 7.0 * DAY_S}
MIXING = (0.0, 0.1, 0.3, 0.5)
REUSED = (0.0, 0.0, 0.2)
SWAPPED = (0.0, 0.1, 0.3)
VICTIMS = (3, 30)
LONGEST = 2.2  # times hops times rest: how long the longest chain takes, about


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large a world is.

    Parameters
    ----------
    wallets : int
        Wallets of the background; ordinary business opens about a fifth as many again.
    transfers : int
        Transfers of the background.
    schemes : int
        Thefts; every other one begins in the second half of the period.
    days : int
        Length of the period, from ``synthetic.START``.
    """

    wallets: int = 500_000
    transfers: int = 2_500_000
    schemes: int = 160
    days: int = 400


@dataclass(frozen=True, slots=True)
class PlantedWorld:
    """Transfers and the truth behind them.

    Parameters
    ----------
    transfers : pandas.DataFrame
        The transfer contract; two legs of a swap share ``tx_id`` and differ in ``position``.
    schemes : pandas.DataFrame
        A row a theft, indexed by number: thief, hops, parts, rest, swapped, mixing, reused, value,
        begin, end (the first payment of a victim, and the last receipt of a last wallet).
    illicit : pandas.DataFrame
        A row a wallet of a theft: wallet, scheme, hop (0 the thief), role (thief, passing, end),
        value (whole units of the theft that reached it), fresh (false for an ordinary wallet that
        is used), reached (time of the last of that money).
    ordinary : pandas.DataFrame
        Wallets of ordinary business, once a role: wallet, role.
    middle : pandas.Timestamp
        Thefts of even number have begun, and ended, before it; those of odd number begin after it.
    """

    transfers: pd.DataFrame
    schemes: pd.DataFrame
    illicit: pd.DataFrame
    ordinary: pd.DataFrame
    middle: pd.Timestamp


def chain_of_parts(
    hops: int, parts: int, *, width: int = 1, step_s: float = 3_600.0, amount: float = 64.0
) -> list[tuple[float, str, str, float]]:
    """A chain of hops, each cut into ``parts`` pieces, through layers of ``width`` wallets.

    Pure: equal arguments give equal rows. Nothing is left behind, every piece of a hop arrives
    before the first of the next one leaves, and with ``width`` above 1 pieces split and meet again.

    Parameters
    ----------
    hops, parts : int
        At least 1.
    width : int
        Wallets of each layer between the first wallet and the last, at most ``parts``.
    step_s : float
        Seconds from hop to hop.
    amount : float
        In whole units, of all pieces together.

    Returns
    -------
    list of (second, sender, recipient, amount)
        Wallets ``c0``, ``c1.0`` ... ``c<hop>.<place>`` and ``c<hops>``; the order is that of time.

    Examples
    --------
    >>> chain_of_parts(2, 2)[:3]
    [(0.0, 'c0', 'c1.0', 32.0), (900.0, 'c0', 'c1.0', 32.0), (3600.0, 'c1.0', 'c2', 32.0)]
    """
    if hops < 1 or not 1 <= width <= parts:
        raise ValueError(f"need hops >= 1 and 1 <= width <= parts, got {hops}, {width}, {parts}")
    rows: list[tuple[float, str, str, float]] = []
    held = {"c0": amount}
    for hop in range(hops):
        here = ["c0"] if hop == 0 else [f"c{hop}.{place}" for place in range(width)]
        there = [f"c{hop + 1}.{place}" for place in range(width)]
        there = [f"c{hops}"] if hop == hops - 1 else there
        sent = np.bincount(np.arange(parts) % len(here), minlength=len(here))
        arrived = dict.fromkeys(there, 0.0)
        for piece in range(parts):
            place = piece % len(here)
            recipient = there[(piece + piece // len(there) * (len(here) > 1)) % len(there)]
            part = held[here[place]] / int(sent[place])
            arrived[recipient] += part
            rows.append((step_s * (hop + piece / (2 * parts)), here[place], recipient, part))
        held = arrived
    return rows


def plant(seed: int, sizes: Sizes | None = None) -> PlantedWorld:
    """Generate a world; equal arguments give equal worlds.

    Parameters
    ----------
    seed : int
        Of every random draw.
    sizes : Sizes, optional
        500,000 wallets when left out.
    """
    sizes = sizes or Sizes()
    rng = np.random.default_rng(seed)
    town = Town(rng, sizes.wallets, sizes.days * DAY_S)
    background = synthetic.Sizes(sizes.transfers, sizes.wallets, sizes.days, 0.0)
    town.book.pay(*synthetic.background(rng, background, sizes.transfers))
    live(town)
    thefts = [_theft(town, number) for number in range(sizes.schemes)]
    names = hex_names(rng, town.book.wallets, n_bytes=20).to_pandas()
    business = town.roles()
    illicit = pd.concat([theft.wallets for theft in thefts], ignore_index=True)
    schemes = pd.DataFrame([theft.told for theft in thefts])
    for frame, column in ((illicit, "code"), (business, "code"), (schemes, "thief")):
        frame[column] = names.take(frame[column].to_numpy()).to_numpy()
    for frame, column in ((illicit, "reached"), (schemes, "begin"), (schemes, "end")):
        frame[column] = _instant(frame[column].to_numpy(np.int64))
    return PlantedWorld(
        _frame(town.book.moves(), names, rng), schemes, illicit.rename(columns={"code": "wallet"}),
        business.rename(columns={"code": "wallet"}), START + pd.Timedelta(sizes.days / 2, "D"),
    )  # fmt: skip


def labels(world: PlantedWorld, *, thieves: bool) -> pd.DataFrame:
    """Known wallets: the exchanges from the start, and the thieves from their theft on.

    Parameters
    ----------
    world : PlantedWorld
    thieves : bool
        Whether the thieves are known.
    """
    exchanges = world.ordinary.loc[world.ordinary["role"] == "exchange", "wallet"]
    frame = pd.DataFrame(
        {"wallet": exchanges, "label": "licit", "category": "exchange",
         "known_at": START.as_unit("us")}
    )  # fmt: skip
    if thieves:
        stolen = pd.DataFrame(
            {"wallet": world.schemes["thief"], "label": "illicit", "category": "theft",
             "known_at": world.schemes["begin"]}
        )  # fmt: skip
        frame = pd.concat([frame, stolen])
    return frame.assign(source="planted", confidence=1.0).reset_index(drop=True)


class _Theft(NamedTuple):
    """A scheme's row, and its wallets."""

    told: dict[str, object]
    wallets: pd.DataFrame


def _theft(town: Town, number: int) -> _Theft:
    """Steal from some people, launder it, and bring it to exchanges."""
    rest, plan = _plan(town.rng)
    victims = town.rng.choice(town.people, town.rng.integers(*VICTIMS), replace=False)
    stolen = plan.parts * float(town.sums(1)[0])
    taken = np.round(stolen * town.rng.dirichlet(np.ones(victims.size)), 6)
    thief = town.book.fresh(1)
    second = _beginning(town, plan, late=bool(number % 2)) + town.rng.uniform(0, 3_600, taken.size)
    when = town.book.pay(victims, thief, second, taken)
    first = Layer(thief, np.array([taken.sum()]), when.max(keepdims=True))
    layers = layered(town.book, town.rng, plan, first, town.people)
    town.deposit(layers[-1])
    told = {
        "thief": int(thief[0]),
        "hops": plan.hops,
        "parts": plan.parts,
        "rest": rest,
        "swapped": plan.swapped,
        "mixing": plan.mixing,
        "reused": plan.reused,
        "value": float(taken.sum()),
        "begin": int(when.min()),
        "end": int(layers[-1].second.max()),
    }
    return _Theft(told, _members(layers, number, town.people.size))


def _plan(rng: np.random.Generator) -> tuple[str, Plan]:
    """How a theft is laundered, and how its rests are called."""
    rest, hops = str(rng.choice(list(RESTS_S))), int(rng.choice(HOPS))
    parts = round(float(np.exp(rng.uniform(*np.log(PARTS)))))
    swapped, mixing, reused = (float(rng.choice(some)) for some in (SWAPPED, MIXING, REUSED))
    return rest, Plan(hops, parts, RESTS_S[rest], swapped, mixing, reused=reused)


def _beginning(town: Town, plan: Plan, *, late: bool) -> float:
    """When a theft begins, so that it is over at the end of its half of the period."""
    half = town.seconds / 2
    spare = half - 2 * DAY_S - LONGEST * plan.hops * plan.rest_s
    return half * late + float(town.rng.uniform(0, max(spare, 1.0)))


def _members(layers: list[Layer], scheme: int, people: int) -> pd.DataFrame:
    """A row a wallet of a theft, with codes."""
    parts = [
        pd.DataFrame(
            {"code": layer.wallet, "scheme": scheme, "hop": hop, "value": layer.value,
             "fresh": layer.wallet >= people, "reached": layer.second}
        )
        for hop, layer in enumerate(layers)
    ]  # fmt: skip
    frame = pd.concat(parts, ignore_index=True)
    frame["role"] = np.where(frame["hop"] == 0, "thief", "passing")
    return frame.assign(role=frame["role"].where(frame["hop"] < len(layers) - 1, "end"))


def _instant(second: Ints) -> pd.DatetimeIndex:
    """Instants of seconds since the first day."""
    return pd.to_datetime(START.value // 1000 + second * 1_000_000, unit="us", utc=True)


def _frame(moves: Moves, names: pd.Series, rng: np.random.Generator) -> pd.DataFrame:
    """Transfers under the contract, in order of time; those of no amount are left out."""
    order = np.argsort(moves.second, kind="stable")
    order = order[moves.amount[order] > 0]
    ids = hex_names(rng, int(moves.transaction.max()) + 1, n_bytes=32).to_pandas()
    return pd.DataFrame(
        {
            "tx_id": ids.take(moves.transaction[order]).array,
            "position": moves.position[order].astype(np.int32),
            "timestamp": _instant(moves.second[order]),
            "sender": names.take(moves.sender[order]).array,
            "recipient": names.take(moves.recipient[order]).array,
            "amount": moves.amount[order],
            "asset": "usd",
        }
    )
