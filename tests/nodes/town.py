"""People of a town, by number: whom they pay, day by day, and which of them are thieves."""

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

import numpy as np

from tests.nodes.anvil import Anvil
from tests.nodes.bcoin import Regtest

DAYS = 60
DAY_S = 86_400
START_S = 1_700_000_000
WEI, SATOSHI = 10**15, 50_000  # of a thousandth
FUNDS, FEE = 30_000_000, 10_000  # satoshi


class Payment(NamedTuple):
    """A sum, in thousandths of what the town counts in."""

    day: int
    payer: int
    payee: int
    amount: int


class Town(NamedTuple):
    """The first people are honest, then come the thieves, the last is the fence of them all."""

    honest: int = 80
    thieves: int = 40

    @property
    def people(self) -> int:
        return self.honest + self.thieves + 1

    @property
    def fence(self) -> int:
        return self.people - 1

    def is_thief(self, one: int) -> bool:
        return self.honest <= one < self.fence

    def days(self, seed: int = 0) -> Iterator[list[Payment]]:
        """Payments of each day, by payer."""
        made = sorted([*self._trade(np.random.default_rng(seed)), *self._thefts()])
        for _, some in groupby(made, lambda one: one.day):
            yield list(some)

    def _trade(self, random: np.random.Generator) -> Iterator[Payment]:
        """Every honest person pays two others, three times each, on days of his own."""
        for one in range(self.honest):
            for turn in range(3):
                day = int(random.integers(DAYS))
                for step in (1 + turn, 7 + one % 5):
                    yield Payment(day, one, (one + step) % self.honest, int(random.integers(5, 90)))

    def _thefts(self) -> Iterator[Payment]:
        """A thief is paid by three within a day, and has it all at the fence's the next day."""
        for number in range(self.thieves):
            thief, day = self.honest + number, number * (DAYS - 3) // self.thieves
            victims = [(3 * number + 11 * turn) % self.honest for turn in range(3)]
            for turn, victim in enumerate(victims):
                yield Payment(day, victim, thief, 100 + turn)
            yield Payment(day + 1, thief, self.fence, 290)


def live_on_ethereum(node: Anvil, town: Town) -> list[str]:
    """Mine a block a day; the addresses of the people, who are the node's first accounts."""
    for payments in town.days():
        for one in payments:
            node.send(one.payer, node.accounts[one.payee], one.amount * WEI)
        node.mine(DAY_S)
    return node.accounts[: town.people]


def live_on_bitcoin(node: Regtest, town: Town) -> list[str]:
    """Mine a block a day; the addresses of the people. Change goes back to who pays."""
    node.rpc("setmocktime", START_S - 30 * DAY_S)
    node.mine(101)
    people = [node.new_address("town") for _ in range(town.people)]
    keys = {one: node.key("town", one) for one in people}
    node.pay("miner", dict.fromkeys(people[: town.honest], FUNDS))
    for number, payments in enumerate(town.days()):
        node.rpc("setmocktime", START_S + number * DAY_S)
        node.mine(1)
        for payer, some in groupby(payments, lambda one: people[one.payer]):
            paid = {people[one.payee]: one.amount * SATOSHI for one in some}
            coins = [(coin, keys[payer]) for coin in node.coins(payer)]
            rest = sum(coin["value"] for coin, _ in coins) - sum(paid.values()) - FEE
            node.join(coins, {**paid, payer: rest})
    node.mine(1)
    return people
