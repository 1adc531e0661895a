"""Which transfers of a wallet are taken: the latest and the largest, or some drawn by their age.

One partner gets a quarter of the places as long as there are others, and of the latest every
second one is among the largest of a longer while, so that nobody hides those with whom they deal
behind many transfers to one friend, or behind a few late ones that cost nothing.

A draw depends on the seed, on the side and on how long ago each transfer was; neither on the other
rows nor on what wallets are called, and it is the same in a grown ledger and in a rebuilt one.
"""

from typing import NamedTuple, Self

import numpy as np

from features.kernel import HOUR, Float64s, Int64s, inner_kernel, prefetch
from features.past import History, PastSide

LOOKED_AT = 32  # transfers a side that are looked at, for each that is wanted
LARGE_OF = 32  # latest transfers of a side, of which the largest are taken
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
        The latest and the largest in turns; else a draw without replacement, in which a transfer
        of age a weighs 1 / (a + one hour): as much for each doubling of the age.
    seed : int
    """

    latest: bool
    seed: int


class Ranked(NamedTuple):
    """Room for places of one side and their keys, the greatest first."""

    place: Int64s
    key: Float64s


class Chosen(NamedTuple):
    """Room for places of one side.

    Attributes
    ----------
    place, key
        What is chosen, and its keys in a draw.
    large
        Those of most value, as far as they were sought.
    left
        What one partner has too many of.
    """

    place: Int64s
    key: Float64s
    large: Int64s
    left: Int64s

    @classmethod
    def room(cls, wanted: int) -> Self:
        """Room for so many places."""
        place, left = np.empty((2, wanted), np.int64)
        return cls(place, np.empty(wanted), np.empty(wanted // 2, np.int64), left)


@inner_kernel
def choose(
    side: PastSide,
    history: History,
    strangers: tuple[int, int],
    draw: Draw,
    need: int,
    chosen: Chosen,
) -> int:
    """Fill ``chosen`` with places of one side, those to be taken first first; returns how many.

    Of all that there is room for these are the first ``need``. Transfers with either of the wallets
    ``strangers`` are passed over, and at most ``LOOKED_AT`` for each place in the room are looked
    at. What one partner has too many of comes last.
    """
    wanted = chosen.place.size
    looked = max(history.first, history.end - LOOKED_AT * wanted), history.end
    share = max(1, wanted // PARTNERS)
    if draw.latest:
        return _in_turns(side, looked, strangers, (share, need), chosen)
    ranked = Ranked(chosen.place, chosen.key)
    n = _drawn(side, looked, strangers, draw.seed, (share, 0), ranked)
    return min(need, _drawn(side, looked, strangers, draw.seed, (wanted, n), ranked))


@inner_kernel
def _in_turns(
    side: PastSide,
    looked: tuple[int, int],
    strangers: tuple[int, int],
    share_need: tuple[int, int],
    chosen: Chosen,
) -> int:
    """Choose the latest and the largest, one of each in turn; returns how many.

    ``share_need`` is the most of a partner, and how many are needed.
    """
    share, need = share_need
    place, n, n_large, n_left, larger = looked[1] - 1, 0, 0, 0, True
    while n < need and (place >= looked[0] or larger):
        found = -1
        if larger and (n % 2 == 1 or place < looked[0]):
            found = _next_large(side, looked, strangers, share, chosen.large, n_large)
            larger = found >= 0
            n_large += larger
        is_late = found < 0
        if is_late:
            found = place
            place -= 1
        if found < looked[0] or _is_there(chosen.place, n, found):
            continue
        other = side.counterparty[found]
        if _is_strange(other, strangers):
            continue
        if _times(side, chosen.place, n, other) < share:
            chosen.place[n] = found
            n += 1
        elif is_late and n_left < chosen.left.size:
            chosen.left[n_left] = found
            n_left += 1
    more = min(n_left, need - n)
    for i in range(more):
        chosen.place[n + i] = chosen.left[i]
    return n + more


@inner_kernel
def _next_large(
    side: PastSide,
    looked: tuple[int, int],
    strangers: tuple[int, int],
    share: int,
    large: Int64s,
    n: int,
) -> int:
    """Add the place of most value of the latest ``LARGE_OF`` after n such, and return it.

    -1 where there is none, or no room. Of two of the same value the later one comes first. A
    partner has ``share`` at most. They are sought one by one, since few of them are asked for.
    """
    upto, last = np.inf, 0
    if n == large.size:
        return -1
    if n > 0:
        last = large[n - 1]
        upto = side.amount[last]
    most, found = 0.0, -1
    for place in range(looked[1] - 1, max(looked[0], looked[1] - LARGE_OF) - 1, -1):
        amount = side.amount[place]
        if amount > most and (amount < upto or (amount == upto and place < last)):
            other = side.counterparty[place]
            if not _is_strange(other, strangers) and _times(side, large, n, other) < share:
                most, found = amount, place
    if found >= 0:
        large[n] = found
        prefetch(side.transfer, found)
        prefetch(side.time, found)
    return found


@inner_kernel
def _is_strange(other: int, strangers: tuple[int, int]) -> bool:
    return other == strangers[0] or other == strangers[1]


@inner_kernel
def _is_there(places: Int64s, n: int, place: int) -> bool:
    """Whether a place is among the first n."""
    there = False
    for at in range(n):
        there |= places[at] == place
    return there


@inner_kernel
def _times(side: PastSide, places: Int64s, n: int, other: int) -> int:
    """How many of the first n places are transfers with a partner."""
    times = 0
    for at in range(n):
        times += side.counterparty[places[at]] == other
    return times


@inner_kernel
def _drawn(
    side: PastSide,
    looked: tuple[int, int],
    strangers: tuple[int, int],
    seed: int,
    most_after: tuple[int, int],
    chosen: Ranked,
) -> int:
    """Keep the largest keys log(u) / weight (Efraimidis and Spirakis 2006, algorithm A).

    Those are added to what is chosen, ``most_after`` of a partner after so many.
    """
    n, tie, before_it = most_after[1], 0, -1
    if n == chosen.place.size:
        return n
    for place in range(looked[1] - 1, looked[0] - 1, -1):
        if _is_strange(side.counterparty[place], strangers):
            continue
        age = side.as_of[0] - side.time[place]
        tie = tie + 1 if age == before_it else 0
        before_it = age
        if not _is_there(chosen.place, most_after[1], place):
            key = np.log(_uniform(seed, age, tie)) * (age + HOUR)
            n = _kept(side, (key, place), most_after, chosen, n)
    return n


@inner_kernel
def _kept(
    side: PastSide,
    found: tuple[float, int],
    most_after: tuple[int, int],
    chosen: Ranked,
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
