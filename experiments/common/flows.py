"""A book of transfers in the making, and money that goes through layers of wallets in it.

Wallets are codes, times are seconds since the book's first day, amounts are whole units. A router
is a contract that takes a wallet's money and gives it back, or to another, in one transaction: a
swap in a ledger of value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from experiments.common.synthetic import BLOCK_S, on_blocks

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Codes = Ints | int

SWAP_FEE = 0.003  # of what is swapped, as the common automated market makers take
MOST_KEPT = 0.02  # of what a wallet passes on, left behind for fees or by neglect
WIDEST_SPREAD = 0.5  # of the rest: how far apart the pieces of one wallet leave
SPREAD = 0.4  # sigma of the logarithm of a rest


class Moves(NamedTuple):
    """Transfers, arrays of one shape (n,).

    Attributes
    ----------
    sender, recipient : int64 arrays, codes
    second : int64 array
    amount : float64 array
    transaction : int64 array, number of the transaction
    position : int64 array, place in it
    """

    sender: Ints
    recipient: Ints
    second: Ints
    amount: Floats
    transaction: Ints
    position: Ints


def _codes(wallets: Codes, n: int) -> Ints:
    """One code a transfer, also where one wallet makes all of them."""
    return np.broadcast_to(np.asarray(wallets, np.int64), (n,))


class Book:
    """Transfers in the making; codes below ``wallets`` exist before it.

    Parameters
    ----------
    wallets : int
        Wallets that are there.
    routers : sequence of int
        Codes of the contracts that swap.
    """

    def __init__(self, wallets: int, routers: Sequence[int]) -> None:
        self.wallets = wallets
        self.routers = np.asarray(routers, np.int64)
        self._transactions = 0
        self._parts: list[Moves] = []

    def fresh(self, n: int) -> Ints:
        """Open n wallets that nobody has seen."""
        self.wallets += n
        return np.arange(self.wallets - n, self.wallets)

    def pay(self, sender: Codes, recipient: Codes, second: Floats | Ints, amount: Floats) -> Ints:
        """Write transfers, each a transaction of its own; returns when they are in a block."""
        when = on_blocks(second)
        paying, paid = _codes(sender, when.size), _codes(recipient, when.size)
        number = np.arange(when.size)
        self._write(Moves(paying, paid, when, amount, number, np.zeros_like(when)))
        return when

    def swap(
        self,
        sender: Ints,
        recipient: Ints,
        second: Floats,
        amount: Floats,
        rng: np.random.Generator,
    ) -> Floats:
        """Pay through a router, both legs in one transaction; returns what arrives, shape (n,)."""
        n, arrived = second.size, amount * (1 - SWAP_FEE)
        router, when = rng.choice(self.routers, n), np.tile(on_blocks(second), 2)
        legs = np.concatenate([sender, router]), np.concatenate([router, recipient])
        sums, number = np.concatenate([amount, arrived]), np.tile(np.arange(n), 2)
        self._write(Moves(*legs, when, sums, number, np.repeat([0, 1], n)))
        return arrived

    def _write(self, moves: Moves) -> None:
        """Add transfers, whose transactions are numbered from 0."""
        self._parts.append(moves._replace(transaction=moves.transaction + self._transactions))
        self._transactions += int(moves.transaction.max(initial=-1)) + 1

    def moves(self) -> Moves:
        """All that was written, in the order of writing."""
        return Moves(*(np.concatenate(column) for column in zip(*self._parts, strict=True)))


@dataclass(frozen=True, slots=True)
class Plan:
    """How money goes through layers of wallets.

    Parameters
    ----------
    hops : int
        Transfers from the first wallet to each of the last ones, swaps apart.
    parts : int
        Pieces that each hop is cut into, more where a layer has more wallets.
    rest_s : float
        Median time from a wallet's last receipt to its first sending.
    swapped : float
        Share of the pieces that go through a router.
    mixing : float
        Clean money over all money in the wallets that mix: as much of it comes from ordinary
        wallets as goes to other ordinary ones.
    mixers : float
        Share of the passing wallets that mix.
    reused : float
        Share of the passing wallets that are ordinary wallets with business of their own.
    """

    hops: int
    parts: int
    rest_s: float
    swapped: float = 0.0
    mixing: float = 0.0
    mixers: float = 0.5
    reused: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no plan."""
        if self.hops < 1 or self.parts < 1 or self.rest_s <= 0:
            raise ValueError(f"need hops >= 1, parts >= 1 and rest_s > 0, got {self}")
        shares = self.swapped, self.mixing, self.mixers, self.reused
        if not all(0 <= share <= 1 for share in shares) or self.mixing == 1:
            raise ValueError(f"shares must be in [0, 1], and mixing below 1, got {self}")


class Layer(NamedTuple):
    """Wallets that money has reached after equally many hops, arrays of one shape (n,).

    Attributes
    ----------
    wallet : int64 array, codes
    value : float64 array, of the money that is followed
    second : int64 array, of the last receipt
    """

    wallet: Ints
    value: Floats
    second: Ints


class Pieces(NamedTuple):
    """Money on its way, arrays of one shape (n,), as :meth:`Book.pay` takes them."""

    sender: Ints
    recipient: Ints
    second: Floats
    amount: Floats

    def those(self, some: npt.NDArray[np.bool_]) -> "Pieces":
        """The pieces of a mask."""
        return Pieces(self.sender[some], self.recipient[some], self.second[some], self.amount[some])


def layered(
    book: Book, rng: np.random.Generator, plan: Plan, first: Layer, ordinary: Ints
) -> list[Layer]:
    """Send money through layers; returns them all, ``first`` included.

    Parameters
    ----------
    book : Book
        Gets the transfers.
    rng : numpy.random.Generator
    plan : Plan
    first : Layer
        The wallets that have it.
    ordinary : int64 array
        Wallets that may be reused, and those whose clean money is mixed in.
    """
    layers = [first]
    for hop in range(1, plan.hops + 1):
        width = max(1, round(plan.parts * rng.uniform(0.3, 1.0)))
        wallet = book.fresh(width)
        if hop < plan.hops and plan.reused:
            used = np.flatnonzero(rng.random(width) < plan.reused)
            wallet[used] = rng.choice(ordinary, used.size, replace=False)
        layers.append(_hop(book, rng, plan, layers[-1], wallet))
        if hop < plan.hops and plan.mixing:
            _mix(book, rng, plan, layers[-1], ordinary)
    return layers


def _hop(book: Book, rng: np.random.Generator, plan: Plan, layer: Layer, recipients: Ints) -> Layer:
    """Cut what a layer has into pieces, and send them to the wallets of the next one."""
    n, width = layer.wallet.size, recipients.size
    pieces = max(plan.parts, n, width)
    of = np.concatenate(
        [np.arange(n), rng.choice(n, pieces - n, p=layer.value / layer.value.sum())]
    )
    to = rng.permutation(np.concatenate([np.arange(width), rng.integers(0, width, pieces - width)]))
    weight = rng.gamma(3.0, size=pieces)
    whole = np.bincount(of, weight, n)
    kept = rng.uniform(0, MOST_KEPT, n)
    amount = np.round((layer.value * (1 - kept))[of] * weight / whole[of], 6)
    rest = plan.rest_s * rng.lognormal(0, SPREAD, n)
    apart = rng.exponential(WIDEST_SPREAD * plan.rest_s / 3, pieces)
    second = layer.second[of] + np.maximum(rest, 2 * BLOCK_S)[of] + apart
    arrived = _send(book, rng, plan, Pieces(layer.wallet[of], recipients[to], second, amount))
    last = np.zeros(width, np.int64)
    np.maximum.at(last, to, on_blocks(second))
    return Layer(recipients, np.bincount(to, arrived, width).astype(np.float64), last)


def _send(book: Book, rng: np.random.Generator, plan: Plan, pieces: Pieces) -> Floats:
    """Send pieces, some through a router: on the way, or back to their wallet before."""
    kind = rng.random(pieces.amount.size) / max(plan.swapped, 1e-9)
    on_the_way, before = kind < 0.5, (kind >= 0.5) & (kind < 1.0)
    arrived = pieces.amount.copy()
    some = pieces.those(on_the_way)
    arrived[on_the_way] = book.swap(some.sender, some.recipient, some.second, some.amount, rng)
    some = pieces.those(before)
    earlier = some.second - BLOCK_S
    arrived[before] = book.swap(some.sender, some.sender, earlier, some.amount, rng)
    some = pieces.those(~on_the_way)
    book.pay(some.sender, some.recipient, some.second, arrived[~on_the_way])
    return arrived


def _mix(book: Book, rng: np.random.Generator, plan: Plan, layer: Layer, ordinary: Ints) -> None:
    """Bring clean money into some wallets just after the other, and as much out after that."""
    some = np.flatnonzero(rng.random(layer.wallet.size) < plan.mixers)
    clean = np.round(layer.value[some] * plan.mixing / (1 - plan.mixing), 6)
    after = rng.uniform(0.05, 0.25, (2, some.size)) * plan.rest_s
    whom = rng.choice(ordinary, (2, some.size))
    came = layer.second[some] + np.maximum(after[0], BLOCK_S)
    book.pay(whom[0], layer.wallet[some], came, clean)
    book.pay(layer.wallet[some], whom[1], came + np.maximum(after[1], BLOCK_S), clean)
