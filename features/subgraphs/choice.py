"""Which transfers of a wallet are taken: the latest, or some drawn with more weight on the recent.

One partner gets a quarter of the places as long as there are others, so that nobody hides those
with whom they deal behind many transfers to one of them.

A draw depends on the seed, on the side and on how long ago each transfer was; neither on the other
rows nor on what wallets are called, and it is the same in a grown ledger and in a rebuilt one.
"""

from typing import NamedTuple

import numpy as np

from features.kernel import HOUR, Float64s, Int64s, inner_kernel
from features.past import History, PastSide

LOOKED_AT = 32  # transfers a side that are looked at, for each that is wanted
PARTNERS = 4  # that share the places at least, where there are so many
_ODD, _FIRST, _SECOND = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
)
_UNIT = 2.0**-53


class Draw(NamedTuple):
    """How transfers are chosen.

    Attributes
    ----------
    latest : bool
        The latest; else a draw without replacement, in which a transfer of age a weighs
        1 / (a + one hour): as much for each doubling of the age.
    seed : int
    """

    latest: bool
    seed: int


class Chosen(NamedTuple):
    """Room for the places that are chosen of one side, and their keys in a draw."""

    place: Int64s
    key: Float64s


@inner_kernel
def choose(
    side: PastSide, history: History, strangers: tuple[int, int], draw: Draw, chosen: Chosen
) -> int:
    """Fill ``chosen`` with places of one side, those to be taken first first; returns how many.

    Transfers with either of the wallets ``strangers`` are passed over, and at most ``LOOKED_AT``
    for each that is wanted are looked at. What one partner has too many of comes last.
    """
    wanted = chosen.place.size
    looked = max(history.first, history.end - LOOKED_AT * wanted), history.end
    share = max(1, wanted // PARTNERS)
    if not draw.latest:
        n = _drawn(side, looked, strangers, draw.seed, (share, 0), chosen)
        return _drawn(side, looked, strangers, draw.seed, (wanted, n), chosen)
    n = _latest(side, looked, strangers, (share, 0), chosen)
    return _latest(side, looked, strangers, (wanted, n), chosen)


@inner_kernel
def _latest(
    side: PastSide,
    looked: tuple[int, int],
    strangers: tuple[int, int],
    most_after: tuple[int, int],
    chosen: Chosen,
) -> int:
    """Add the latest to those that are chosen, ``most_after`` of a partner after so many."""
    most, n = most_after
    place, wanted = looked[1] - 1, chosen.place.size
    while place >= looked[0] and n < wanted:
        other = side.counterparty[place]
        if other != strangers[0] and other != strangers[1]:
            times = 0
            for at in range(n):
                times += most if chosen.place[at] == place else 0
                times += side.counterparty[chosen.place[at]] == other
            if times < most:
                chosen.place[n] = place
                n += 1
        place -= 1
    return n


@inner_kernel
def _drawn(
    side: PastSide,
    looked: tuple[int, int],
    strangers: tuple[int, int],
    seed: int,
    most_after: tuple[int, int],
    chosen: Chosen,
) -> int:
    """Keep the largest keys log(u) / weight (Efraimidis and Spirakis 2006, algorithm A).

    Those are added to what is chosen, ``most_after`` of a partner after so many.
    """
    n, tie, before_it = most_after[1], 0, -1
    if n == chosen.place.size:
        return n
    for place in range(looked[1] - 1, looked[0] - 1, -1):
        other = side.counterparty[place]
        if other == strangers[0] or other == strangers[1]:
            continue
        age = side.as_of[0] - side.time[place]
        tie = tie + 1 if age == before_it else 0
        before_it = age
        there = False
        for at in range(most_after[1]):
            there |= chosen.place[at] == place
        if not there:
            key = np.log(_uniform(seed, age, tie)) * (age + HOUR)
            n = _kept(side, (key, place), most_after, chosen, n)
    return n


@inner_kernel
def _kept(
    side: PastSide,
    found: tuple[float, int],
    most_after: tuple[int, int],
    chosen: Chosen,
    n: int,
) -> int:
    """Insert into the descending keys, of which there are n; returns how many there are now.

    The least one goes where there is no room, or where the partner has its most: of the partner's.
    """
    key, place = found
    most, first = most_after
    places, keys = chosen
    times, gone = 0, n - 1 if n == keys.size else n
    for at in range(first, n):
        if side.counterparty[places[at]] == side.counterparty[place]:
            times += 1
            if times == most:
                gone = at
    if gone < n and key <= keys[gone]:
        return n
    at = gone
    while at > first and keys[at - 1] < key:
        keys[at], places[at] = keys[at - 1], places[at - 1]
        at -= 1
    keys[at], places[at] = key, place
    return max(n, gone + 1)


@inner_kernel
def _uniform(seed: int, age: int, tie: int) -> float:
    """Number in (0, 1) of three integers, by SplitMix64 (Steele, Lea and Flood 2014)."""
    mixed = np.uint64(seed)
    for part in (age, tie):
        mixed = (mixed ^ np.uint64(part)) + _ODD
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
        mixed = mixed ^ (mixed >> np.uint64(31))
    return (float(mixed >> np.uint64(11)) + 0.5) * _UNIT
