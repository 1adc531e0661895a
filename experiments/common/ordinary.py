"""Ordinary business that looks like laundering: money passed on whole, split, merged, swapped.

The background of :mod:`experiments.common.synthetic` draws sender and recipient by themselves, so
that hardly a wallet in it passes on what it got. Here are those that do: deposit addresses, people
who move their savings, treasuries, shops, payrolls, swaps.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from experiments.common.flows import Book, Floats, Ints, Layer, Plan, layered
from experiments.common.synthetic import BLOCK_S, DAY_S

HOUR_S = 3_600
MONTH_S = 30 * DAY_S
EXCHANGES, ROUTERS = 6, 4


class Town:
    """A book, and the people and exchanges that write in it.

    Parameters
    ----------
    rng : numpy.random.Generator
        Of every draw.
    people : int
        Wallets of the background: the codes below it.
    seconds : int
        Length of the period.
    """

    def __init__(self, rng: np.random.Generator, people: int, seconds: int) -> None:
        self.rng, self.seconds = rng, seconds
        self.people = np.arange(people)
        self.exchanges = people + np.arange(EXCHANGES)  # their hot wallets
        routers = people + EXCHANGES + np.arange(ROUTERS)
        self.book = Book(people + EXCHANGES + ROUTERS, routers.tolist())
        self._roles = {"exchange": [self.exchanges], "router": [routers]}

    def someone(self, n: int) -> Ints:
        """Draw n people, one perhaps twice."""
        return np.asarray(self.rng.choice(self.people, n), np.int64)

    def open(self, role: str, n: int) -> Ints:
        """Open n fresh wallets and remember what they are."""
        wallets = self.book.fresh(n)
        self.remember(role, wallets)
        return wallets

    def remember(self, role: str, wallets: Ints) -> None:
        """Remember what some wallets are."""
        self._roles.setdefault(role, []).append(wallets)

    def roles(self) -> pd.DataFrame:
        """Columns code and role, of all that were remembered."""
        parts = [
            pd.DataFrame({"code": np.concatenate(codes), "role": role})
            for role, codes in self._roles.items()
        ]
        return pd.concat(parts, ignore_index=True)

    def sums(self, n: int) -> Floats:
        """What people move at once, shape (n,), as the background does."""
        return np.round(self.rng.lognormal(2.0, 1.0, n), 6)

    def times(self, n: int, *, until: float = 1.0) -> Floats:
        """Seconds in the period, up to a share of it, shape (n,)."""
        return self.rng.uniform(0, self.seconds * until, n)

    def withdrawal(self, second: float, value: float) -> Layer:
        """A fresh wallet with money from an exchange."""
        wallet, amount = self.book.fresh(1), np.array([value])
        exchange = self.rng.choice(self.exchanges, 1)
        return Layer(wallet, amount, self.book.pay(exchange, wallet, np.array([second]), amount))

    def takings(self, second: float, value: float) -> Layer:
        """A fresh wallet that up to thirty people pay within a day."""
        people = self.someone(int(self.rng.integers(1, 31)))
        amount = np.round(value * self.rng.dirichlet(np.ones(people.size)), 6)
        wallet, after = self.book.fresh(1), self.rng.uniform(0, DAY_S, people.size)
        when = self.book.pay(people, wallet, second + after, amount)
        return Layer(wallet, amount.sum(keepdims=True), when.max(keepdims=True))

    def deposit(self, layer: Layer) -> None:
        """Let deposit addresses give all that they hold to the hot wallet of their exchange."""
        after = self.rng.lognormal(np.log(HOUR_S), 1.0, layer.wallet.size)
        exchange = self.exchanges[layer.wallet % EXCHANGES]
        second = layer.second + after + BLOCK_S
        self.book.pay(layer.wallet, exchange, second, layer.value * 0.999)


def live(town: Town) -> None:
    """Write all ordinary business of a town into its book."""
    for trade, per_thousand in TRADES.items():
        trade(town, round(per_thousand * town.people.size / 1000))


def _deposits(town: Town, n: int) -> None:
    """Customers' deposit addresses, each paid one to four times, and payments out of exchanges."""
    address, times = town.open("deposit", n), town.rng.integers(1, 5, n)
    paid, customer = np.repeat(address, times), np.repeat(town.someone(n), times)
    amount = town.sums(paid.size)
    when = town.book.pay(customer, paid, town.times(paid.size, until=0.98), amount)
    town.deposit(Layer(paid, amount, when))
    exchange = town.rng.choice(town.exchanges, 2 * n)
    town.book.pay(exchange, town.someone(2 * n), town.times(2 * n), town.sums(2 * n))


def _movers(town: Town, n: int) -> None:
    """People who forward all they get, one to four times, and end at an exchange or nowhere."""
    for value in town.sums(n).tolist():
        rest_s = float(town.rng.lognormal(np.log(DAY_S / 2), 2.0))
        _move(town, "mover", Plan(int(town.rng.integers(1, 5)), 1, rest_s), value)


def _treasuries(town: Town, n: int) -> None:
    """Firms and funds that split, move, swap and merge what is theirs."""
    for value in town.sums(n).tolist():
        parts, rest_s = int(town.rng.integers(2, 13)), town.rng.lognormal(np.log(DAY_S), 1.5)
        swapped, mixing = (float(town.rng.choice([0.0, share])) for share in (0.2, 0.3))
        hops = int(town.rng.integers(1, 5))
        plan = Plan(hops, parts, float(rest_s), swapped=swapped, mixing=mixing)
        _move(town, "treasury", plan, value * parts)


def _move(town: Town, role: str, plan: Plan, value: float) -> None:
    """Send money, of an exchange or of others, through own wallets; half goes to an exchange."""
    latest = town.seconds - DAY_S - 3 * plan.hops * plan.rest_s
    begin = town.withdrawal if town.rng.random() < 0.5 else town.takings
    start = begin(town.rng.uniform(0, max(latest, HOUR_S)), value)
    layers = layered(town.book, town.rng, plan, start, town.people)
    if town.rng.random() < 0.5:
        town.deposit(layers[-1])
    town.remember(role, np.concatenate([layer.wallet for layer in layers]))


def _shops(town: Town, n: int) -> None:
    """Shops: many customers, and all of it goes on each week to suppliers and to an exchange."""
    shops, addresses = town.open("shop", n), town.open("deposit", n)
    for shop, address in zip(shops.tolist(), addresses.tolist(), strict=True):
        sold = int(town.rng.integers(20, 200))
        second, amount = town.times(sold, until=0.95), town.sums(sold) / 4
        town.book.pay(town.someone(sold), shop, second, amount)
        week, of = np.unique(second // (7 * DAY_S), return_inverse=True)
        taken = np.bincount(of, amount).astype(np.float64)
        evening = (week + 1) * 7 * DAY_S + town.rng.uniform(0, HOUR_S, week.size)
        for supplier, share in zip(town.someone(3).tolist(), (0.3, 0.2, 0.1), strict=True):
            town.book.pay(shop, supplier, evening, taken * share)
        when = town.book.pay(shop, address, evening + 60, taken * 0.4)
        town.deposit(Layer(np.full(week.size, address), taken * 0.4, when))


def _payrolls(town: Town, n: int) -> None:
    """Firms that three clients pay, and that pay the same people each month."""
    for firm in town.open("payroll", n).tolist():
        clients, people = town.someone(3), town.someone(int(town.rng.integers(10, 60)))
        wage = town.sums(people.size)
        earned = np.full(3, wage.sum() / 3 * 1.1)
        for payday in range(20 * DAY_S, town.seconds, MONTH_S):
            town.book.pay(clients, firm, payday - town.rng.uniform(1, 10, 3) * DAY_S, earned)
            town.book.pay(firm, people, payday + np.arange(people.size) * BLOCK_S, wage)


def _swaps(town: Town, n: int) -> None:
    """People who give one asset and take another in one transaction."""
    whom = town.someone(n)
    town.book.swap(whom, whom, town.times(n), town.sums(n), town.rng)


# how many of each there are, for each thousand wallets of the background
TRADES: dict[Callable[[Town, int], None], float] = {
    _deposits: 100,
    _movers: 40,
    _treasuries: 8,
    _shops: 2,
    _payrolls: 0.4,
    _swaps: 60,
}
