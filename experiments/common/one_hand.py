"""Layering by one hand: every wallet of it looks ordinary, only the path it lies on does not.

Movers get money in one to three payments, keep a little, rest, and pass it on in one to three
payments; there are many ordinary ones, and they pay one another. A crew that launders is made of
movers too: its money is split among them, merged, rested and split again over several layers before
it goes to people. Crew and ordinary movers go through the same code, so that a mover's amounts,
numbers of payments, rests and share kept have the same law. What differs is whom they deal with:

- a crew works by one script, so that all its wallets rest about as long and keep about the same
  share, while an ordinary mover has habits of its own, other than those it deals with;
- what a crew splits meets again within the crew, while the parts that an ordinary mover sends go on
  to movers that deal with others.

Crews of the two halves of the period are others, so that no habit can be learnt by heart.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments.common import synthetic
from experiments.common.arms import Bools
from experiments.common.flows import Book, Floats, Ints
from experiments.common.synthetic import DAY_S, START, hex_names

HOUR_S = 3_600
REST_S = (4 * HOUR_S, 48 * HOUR_S)  # drawn evenly over the logarithm
KEPT = (0.002, 0.05)
SAME_REST, SAME_KEPT = 0.1, 0.05  # sigma of the logarithm: how closely a hand repeats itself
PIECES = (1, 2, 3)  # payments that a mover makes, and that it gets
APART_S = 6 * HOUR_S  # how far apart the payments of one wallet leave
LAYERS = (3, 6)  # of movers
WIDTH = (6, 14)  # wallets of a first layer
BEGIN_DAYS = 0.7  # share of a half in which flows begin, so that they end in it


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large a world is.

    Parameters
    ----------
    people, transfers : int
        Wallets that are no movers, and the transfers among them.
    crews, flows : int
        Of laundering, and of as many wallets each of ordinary movers; half of them in either half
        of the period.
    days : int
        Length of the period.
    """

    people: int = 460_000
    transfers: int = 2_300_000
    crews: int = 60
    flows: int = 600
    days: int = 120


QUICK = Sizes(people=3_000, transfers=12_000, crews=12, flows=100, days=44)


@dataclass(frozen=True, slots=True)
class World:
    """Transfers and the truth behind them.

    Parameters
    ----------
    transfers : pandas.DataFrame
        The transfer contract.
    movers : pandas.DataFrame
        A row a mover: wallet, crew (-1 for ordinary ones), illicit, late (of the second half),
        layer, rest_s, kept, asked (an instant right after its last transfer).
    middle : pandas.Timestamp
        Where the halves meet.
    """

    transfers: pd.DataFrame
    movers: pd.DataFrame
    middle: pd.Timestamp


class _Town(Book):
    """A book, and how many people there are: the codes below it."""

    def __init__(self, people: int) -> None:
        super().__init__(people, [])
        self.people = people


class Layer(NamedTuple):
    """Movers that one step of some flows has reached, arrays of one shape (n,).

    Attributes
    ----------
    wallet : int64 array, codes
    flow : int64 array, number of the flow
    value : float64 array, what was received
    ready : float64 array, second of the last receipt
    """

    wallet: Ints
    flow: Ints
    value: Floats
    ready: Floats


class Habits(NamedTuple):
    """How n movers go about it, arrays of one shape (n,)."""

    rest_s: Floats
    kept: Floats


class _Payments(NamedTuple):
    """Payments that leave a layer, arrays of one shape (n,); place is the payer's in the layer."""

    place: Ints
    turn: Ints
    second: Floats
    amount: Floats


def plant(seed: int, sizes: Sizes | None = None) -> World:
    """Generate a world; equal arguments give equal worlds.

    Parameters
    ----------
    seed : int
        Of every random draw.
    sizes : Sizes, optional
        About 500,000 wallets when left out.
    """
    sizes = sizes or Sizes()
    rng = np.random.default_rng(seed)
    book = _Town(sizes.people)
    ground = synthetic.Sizes(sizes.transfers, sizes.people, sizes.days, 0.0)
    book.pay(*synthetic.background(rng, ground, sizes.transfers))
    half = sizes.days * DAY_S / 2
    parts = []
    for late in (False, True):
        begin = half * late + rng.uniform(0, BEGIN_DAYS * half, sizes.crews // 2)
        numbers = np.arange(sizes.crews // 2) + late * (sizes.crews // 2)
        parts.append(_flows(book, rng, begin, numbers, one_hand=True).assign(late=late))
        begin = half * late + rng.uniform(0, BEGIN_DAYS * half, sizes.flows // 2)
        none = np.full(sizes.flows // 2, -1)
        parts.append(_flows(book, rng, begin, none, one_hand=False).assign(late=late))
    movers = pd.concat(parts, ignore_index=True)
    names = hex_names(rng, book.wallets, n_bytes=20).to_pandas()
    transfers = _frame(book, names, rng)
    movers["wallet"] = names.take(movers.pop("code").to_numpy()).to_numpy()
    ends = pd.concat(
        [transfers[["sender", "timestamp"]].set_axis(["wallet", "at"], axis=1),
         transfers[["recipient", "timestamp"]].set_axis(["wallet", "at"], axis=1)]
    ).groupby("wallet")["at"].max()  # fmt: skip
    movers["asked"] = movers["wallet"].map(ends) + pd.Timedelta(1, "us")
    movers["illicit"] = movers["crew"] >= 0
    return World(transfers, movers, START + pd.Timedelta(sizes.days / 2, "D"))


def _flows(
    book: _Town, rng: np.random.Generator, begin: Floats, crews: Ints, *, one_hand: bool
) -> pd.DataFrame:
    """Send the money of some flows through movers; one row a mover.

    Flows of one hand stay apart. The others are dealt anew at every step: payments that leave at
    about the same time go to the same next wallets, whoever sent them.
    """
    layers, hand = rng.integers(*LAYERS, begin.size), draw_habits(rng, begin.size)
    layer = _first(book, rng, begin)
    rows = []
    for step in range(int(layers.max())):
        habits = draw_habits(rng, layer.wallet.size)
        if one_hand:
            habits = repeated(rng, hand, layer.flow)
        rows.append(
            pd.DataFrame(
                {"code": layer.wallet, "crew": crews[layer.flow], "layer": step,
                 "rest_s": habits.rest_s, "kept": habits.kept}
            )
        )  # fmt: skip
        payments = _payments(rng, layer, habits)
        last = layers[layer.flow[payments.place]] == step + 1
        _to_people(book, rng, layer, payments, last)
        if last.all():
            break
        layer = _next(book, rng, layer, payments, ~last, dealt=not one_hand)
    return pd.concat(rows, ignore_index=True)


def draw_habits(rng: np.random.Generator, n: int) -> Habits:
    """Habits of n hands."""
    low, high = np.log(REST_S[0]), np.log(REST_S[1])
    return Habits(np.exp(rng.uniform(low, high, n)), rng.uniform(*KEPT, n))


def repeated(rng: np.random.Generator, hand: Habits, of: Ints) -> Habits:
    """Habits of wallets by the hand that each is of."""
    return Habits(
        hand.rest_s[of] * rng.lognormal(0, SAME_REST, of.size),
        hand.kept[of] * rng.lognormal(0, SAME_KEPT, of.size),
    )


def _first(book: _Town, rng: np.random.Generator, begin: Floats) -> Layer:
    """First movers of flows, paid by people."""
    width = rng.integers(*WIDTH, begin.size)
    flow = np.repeat(np.arange(begin.size), width)
    wallet = book.fresh(flow.size)
    paid = rng.choice(PIECES, flow.size)
    of = np.repeat(np.arange(flow.size), paid)
    amount = np.round(rng.lognormal(4.0, 1.0, of.size), 6)
    second = begin[flow[of]] + rng.uniform(0, APART_S, of.size)
    people = rng.integers(0, book.people, of.size)
    when = book.pay(people, wallet[of], second, amount)
    ready = np.zeros(flow.size)
    np.maximum.at(ready, of, when)
    return Layer(wallet, flow, np.bincount(of, amount, flow.size).astype(np.float64), ready)


def _payments(rng: np.random.Generator, layer: Layer, habits: Habits) -> _Payments:
    """What movers pass on, each in one to three payments after its rest."""
    n = layer.wallet.size
    count = rng.choice(PIECES, n)
    place = np.repeat(np.arange(n), count)
    turn = np.arange(place.size) - np.repeat(np.cumsum(count) - count, count)
    weight = rng.gamma(3.0, size=place.size)
    share = weight / np.bincount(place, weight, n)[place]
    amount = np.round((layer.value * (1 - habits.kept))[place] * share, 6)
    later = np.where(turn == 0, 0.0, rng.uniform(0, APART_S, place.size))
    return _Payments(place, turn, (layer.ready + habits.rest_s)[place] + later, amount)


def _to_people(
    book: _Town, rng: np.random.Generator, layer: Layer, payments: _Payments, some: Bools
) -> None:
    """Pay people."""
    place = payments.place[some]
    people = rng.integers(0, book.people, place.size)
    book.pay(layer.wallet[place], people, payments.second[some], payments.amount[some])


def _next(
    book: _Town, rng: np.random.Generator, layer: Layer, payments: _Payments, some: Bools, *,
    dealt: bool,
) -> Layer:  # fmt: skip
    """Let payments meet in fresh movers, one to three in each, from other payers as far as can be.

    Payments of a flow meet in the order of turn and time. Where they are ``dealt``, all of them are
    put in order of time first and cut into as many flows of the same sizes.
    """
    place, turn = payments.place[some], payments.turn[some]
    second, amount = payments.second[some], payments.amount[some]
    flow = layer.flow[place]
    if dealt:
        order = np.argsort(second, kind="stable")
        sizes = rng.permutation(np.unique(flow, return_counts=True)[1])
        mixed = np.empty_like(flow)
        mixed[order] = np.repeat(rng.permutation(np.unique(flow)), sizes)
        flow = mixed
    order = np.lexsort((second, turn, flow))
    count = rng.choice(PIECES, order.size)
    to = np.empty(order.size, np.int64)
    edge = np.flatnonzero(np.diff(flow[order], prepend=-1))
    opened = 0
    for begin, end in zip(edge, [*edge[1:], order.size], strict=True):
        group = np.repeat(np.arange(end - begin), count[begin:end])[: end - begin]
        to[order[begin:end]] = opened + group
        opened += int(group[-1]) + 1
    wallet = book.fresh(opened)
    when = book.pay(layer.wallet[place], wallet[to], second, amount)
    ready, of = np.zeros(opened), np.zeros(opened, np.int64)
    np.maximum.at(ready, to, when)
    of[to] = flow
    return Layer(wallet, of, np.bincount(to, amount, opened).astype(np.float64), ready)


def _frame(book: _Town, names: pd.Series, rng: np.random.Generator) -> pd.DataFrame:
    """Transfers under the contract, in order of time; those of no amount are left out."""
    moves = book.moves()
    order = np.argsort(moves.second, kind="stable")
    order = order[moves.amount[order] > 0]
    ids = hex_names(rng, int(moves.transaction.max()) + 1, n_bytes=32).to_pandas()
    instants = START.value // 1000 + moves.second[order] * 1_000_000
    return pd.DataFrame(
        {
            "tx_id": ids.take(moves.transaction[order]).array,
            "timestamp": pd.to_datetime(instants, unit="us", utc=True),
            "sender": names.take(moves.sender[order]).array,
            "recipient": names.take(moves.recipient[order]).array,
            "amount": moves.amount[order],
            "asset": "usd",
        }
    )
