"""CoinJoins, transactions that several people make together so that nobody sees who paid whom.

To take one for a payment joins strangers into one owner, and gives each of them the money of all.
Every wallet that makes CoinJoins leaves another shape, so there is a rule for each kind; a rule is
a row of ``RULES``, bounds of what :func:`measures` measures. A transaction is of the first kind of
which it keeps all bounds.

References
----------
Classic: Kalodner et al., "BlockSci", USENIX Security 2020, section 3.2.1, ``isCoinjoin`` of its
source. The others: Schnoering and Vazirgiannis, "Heuristics for Detecting CoinJoin Transactions on
the Bitcoin Blockchain", arXiv 2311.12491, section 4, with the bounds that graphsense-lib corrected
(pull requests 76 and 82).
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from features.kernel import Int64s
from features.sources.bitcoin.records import Coins, Records

DUST = 2_730  # satoshi; equal outputs up to this are no mix
POOLS = (100_000, 1_000_000, 5_000_000, 50_000_000)  # satoshi, of Whirlpool
MIX = 10_000_000  # satoshi, of Wasabi 1, doubled at each level; rounds of 2018 began at half of it
MIX_RANGE = (0.9, 1.2)  # of it: measured .99 to 1.15, as the coordinator's fee came back
LEVELS = (-1, 12)
SMALLER_ROUNDS = 1_714_521_600  # 2024-05-01, when Wasabi 2's largest coordinator was about to close

Values = npt.NDArray[np.float64]
Bounds = Mapping[str, tuple[float, float]]
ANY = float("inf")


class Rule(NamedTuple):
    """Bounds, both included, of every measure that matters to a kind."""

    kind: str
    bounds: Bounds


_WASABI2: Bounds = {
    "least_output": (5_000, ANY),
    "repeated_payees": (0, 0),
    "denominations": (3, ANY),
    "denominated_share": (0.5, 1 - 1e-9),
}
_JOINMARKET: Bounds = {
    "equal": (3, ANY),
    "equal_share": (0.5, 1),
    "payers_per_equal": (1, ANY),
    "repeated_payees": (0, 0),
    "other_outputs": (1, ANY),
}
RULES = (
    Rule(
        "whirlpool",
        {
            "inputs": (5, 8),
            "outputs_per_input": (1, 1),
            "repeated_payers": (0, 0),
            "repeated_payees": (0, 0),
            "pool": (1, ANY),
            "least_surplus": (0, ANY),
            "most_surplus": (0, 110_000),
            "entrants": (1, 4),
        },
    ),
    Rule("wasabi2", {**_WASABI2, "inputs": (50, ANY), "time": (-ANY, SMALLER_ROUNDS - 1)}),
    Rule("wasabi2", {**_WASABI2, "inputs": (20, ANY), "time": (SMALLER_ROUNDS, ANY)}),
    Rule(
        "wasabi1",
        {
            "inputs": (10, ANY),
            "mixed_at_best": (3, ANY),
            "mixed_share": (0.5, 1),
            "repeated_payees": (0, 0),
            "top_payer_share": (0, 0.1),
        },
    ),
    Rule("joinmarket", {**_JOINMARKET, "inputs": (2, 49)}),
    Rule(
        "joinmarket",
        {
            **_JOINMARKET,
            "inputs": (50, ANY),
            "inputs_per_equal": (0, 20),
            "outputs_per_equal": (1.7, ANY),
        },
    ),
    Rule(
        "classic",
        {
            "inputs": (2, ANY),
            "outputs": (3, ANY),
            "equal_beyond_half": (0, 0),
            "inputs_per_equal": (1, ANY),
            "payers_per_equal": (1, ANY),
        },
    ),
)
KINDS = tuple(dict.fromkeys(["", *(rule.kind for rule in RULES)]))


def coinjoins(records: Records) -> npt.NDArray[np.int8]:
    """Kind of every transaction, as a place in ``KINDS``; 0 for one that is no CoinJoin.

    Parameters
    ----------
    records : Records

    Returns
    -------
    int8 array, shape (n,)
    """
    found = np.zeros(len(records), dtype=np.int8)
    inputs, outputs = np.diff(records.inputs.first), np.diff(records.outputs.first)
    asked = np.flatnonzero((inputs >= 2) & (outputs >= 3))
    if asked.size:
        measured = measures(records, asked)
        for rule in reversed(RULES):
            found[asked[kept(rule, measured)]] = KINDS.index(rule.kind)
    return found


def kept(rule: Rule, measured: Mapping[str, Values]) -> npt.NDArray[np.bool_]:
    """Which transactions keep all bounds of a rule."""
    bounds = [(measured[name], low, high) for name, (low, high) in rule.bounds.items()]
    within = [(low <= each) & (each <= high) for each, low, high in bounds]
    return np.asarray(np.logical_and.reduce(within), dtype=bool)


def measures(records: Records, asked: Int64s) -> dict[str, Values]:
    """What the rules look at.

    Parameters
    ----------
    records : Records
    asked : int64 array, shape (m,)
        Transactions, each with an input and an output at least.

    Returns
    -------
    dict of str to float64 array, shape (m,)
    """
    put_in, got = _Runs.of(records.inputs, asked), _Runs.of(records.outputs, asked)
    inputs, outputs = put_in.coins, got.coins
    payers, payees = put_in.owners, got.owners
    equal = got.most(np.where(got.value > DUST, got.times, 0))
    repeated = np.where(got.times > 1, got.times, 0)
    level = _level(got.value)
    found: dict[str, Any] = {
        "time": records.head.time[asked],
        "inputs": inputs,
        "outputs": outputs,
        "outputs_per_input": outputs / inputs,
        "repeated_payers": inputs - payers,
        "repeated_payees": outputs - payees,
        "top_payer_share": put_in.top_owner / inputs,
        "equal": equal,
        "equal_share": equal / outputs,
        "equal_beyond_half": equal - (outputs + 1) // 2,
        "other_outputs": outputs - equal,
        "least_output": got.least,
        "denominations": got.sum(got.times > 1),
        "denominated_share": got.sum(repeated) / outputs,
        "mixed_at_best": got.most(np.where(level, got.times, 0)),
        "mixed_share": got.sum(np.where(level, repeated, 0)) / np.maximum(outputs - 1, 1),
        # all of whose outputs are one pool: the surplus is what new entrants bring for the fee
        "pool": (got.values == 1) & np.isin(got.least, POOLS),
        "least_surplus": put_in.least - got.least,
        "most_surplus": put_in.largest - got.least,
        "entrants": put_in.sum(np.where(put_in.value == got.least[put_in.place], 0, put_in.times)),
    }
    with np.errstate(divide="ignore"):
        found |= {
            f"{name}_per_equal": of / equal
            for name, of in (("payers", payers), ("inputs", inputs), ("outputs", outputs))
        }
    return {name: np.asarray(values, dtype=np.float64) for name, values in found.items()}


def _level(value: Int64s) -> npt.NDArray[np.bool_]:
    """Whether a value is near one of Wasabi 1's levels."""
    low, high = MIX_RANGE
    level = np.floor(np.log2(np.maximum(value, 1) / (low * MIX)))
    near = value <= high * MIX * 2.0**level
    return near & (level >= LEVELS[0]) & (level <= LEVELS[1])


class _Runs(NamedTuple):
    """Inputs, or outputs, of m transactions by value: each value once, with how often it occurs.

    Attributes
    ----------
    place : int64 array, shape (r,)
        Of the transaction among those asked for, ascending.
    value, times : int64 arrays, shape (r,)
        Ascending values of each transaction, and how often each occurs.
    begins : int64 array, shape (m,)
        First run of each transaction.
    coins, owners, top_owner : int64 arrays, shape (m,)
        How many coins, of how many owners; coins of the one with most.
    """

    place: Int64s
    value: Int64s
    times: Int64s
    begins: Int64s
    coins: Int64s
    owners: Int64s
    top_owner: Int64s

    @classmethod
    def of(cls, coins: Coins, asked: Int64s) -> "_Runs":
        """Sort the coins of some transactions."""
        number = np.diff(coins.first)[asked]
        place = np.repeat(np.arange(asked.size), number)
        ends = np.cumsum(number)
        at = coins.first[asked][place] + np.arange(place.size) - (ends - number)[place]
        by_value = _counted(place, coins.value[at])
        by_owner = _counted(place, coins.owner[at].astype(np.int64))
        begins = np.searchsorted(by_value[0], np.arange(asked.size))
        first_owner = np.searchsorted(by_owner[0], np.arange(asked.size))
        owners = np.diff(first_owner, append=by_owner[0].size)
        top = np.maximum.reduceat(by_owner[2], first_owner)
        return cls(*by_value, begins, number, owners, top)

    @property
    def least(self) -> Int64s:
        """The smallest value of each transaction."""
        return self.value[self.begins]

    @property
    def largest(self) -> Int64s:
        """The largest value of each transaction."""
        ends: Int64s = np.append(self.begins[1:], self.value.size)
        return self.value[ends - 1]

    @property
    def values(self) -> Int64s:
        """How many values each transaction has."""
        number: Int64s = np.diff(self.begins, append=self.value.size)
        return number

    def most(self, of: npt.NDArray[Any]) -> Int64s:
        """The largest of some number of each run, in each transaction."""
        return cast("Int64s", np.maximum.reduceat(of, self.begins))

    def sum(self, of: npt.NDArray[Any]) -> Int64s:
        """The sum of some number of each run, in each transaction."""
        return cast("Int64s", np.add.reduceat(of.astype(np.int64), self.begins))


def _counted(place: Int64s, what: Int64s) -> tuple[Int64s, Int64s, Int64s]:
    """Each pair once, in order, and how often it occurs."""
    order = np.lexsort((what, place))
    place, what = place[order], what[order]
    new = np.ones(place.size, dtype=bool)
    new[1:] = (np.diff(place) != 0) | (np.diff(what) != 0)
    begins = np.flatnonzero(new)
    times: Int64s = np.diff(begins, append=place.size)
    return place[begins], what[begins], times
