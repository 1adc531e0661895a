"""What a launderer pays to halve each column of depth and exposure: transactions, wallets, time.

The wallet that is asked about holds a theft of a known thief after six hops of ten parts. It is
asked just after the last transfer, once without a trick and once with each one.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from evasions import EVASIONS, PLAIN, Evasion
from flow_views import flows
from matplotlib.figure import Figure

from experiments.common import arms
from experiments.common.results import Measure
from features import Ledger, feature_table
from training.attacks.moves import Cost, Move, Target, extra_cost, transfers_of

START = pd.Timestamp("2024-03-01", tz="UTC").as_unit("us")
BEGIN_US = START.value // 1_000
DAY_S = 86_400.0
THIEF, ASKED = "thief", "asked"
# how much of the evidence there is; what was read, and when, is none
UNITS = ("_share", "_ratio", "_count", "_hops", "_amount")
NO_EVIDENCE = ("truncated", "searched", "unfunded")
TOLD = ("truncated", "searched", "service")
COSTS = ("transactions", "wallets", "own money at hand over the theft", "days more")


def watched() -> tuple[str, ...]:
    """Names of the views whose columns are to be halved."""
    return tuple(name for name in flows() if name in ("depth", "exposure"))


class Tried(NamedTuple):
    """One evasion and what became of the row."""

    evasion: Evasion
    ratio: pd.Series  # of each column, after over before
    told: bool
    cost: Cost
    days: float


def row(moves: list[Move]) -> pd.Series:
    """Columns of the views of flows of the wallet asked about, just after all moves."""
    victim = Move(-60.0, "victim", THIEF, PLAIN.value)
    frame = transfers_of([(move, BEGIN_US) for move in (victim, *moves)], "USD", "evasion")
    ledger = Ledger.from_transfers(frame)
    spine = pd.DataFrame({"wallet": [ASKED], "as_of": [arms.end_of(ledger)]})
    known = pd.DataFrame(
        {"wallet": [THIEF], "label": "illicit", "category": "theft",
         "known_at": START - pd.Timedelta(1, "D")}
    )  # fmt: skip
    return feature_table(ledger, spine, labels=known, views=arms.views_named(watched())).iloc[0]


def target() -> Target:
    """The wallet asked about, as an attack sees it: new."""
    nothing = np.empty(0)
    return Target(ASKED, BEGIN_US, nothing, nothing, bad=THIEF)


def evidence(before: pd.Series) -> list[str]:
    """Columns that say something of the theft without a trick."""
    return [
        str(name) for name, value in before.items()
        if str(name).endswith(UNITS) and value > 0
        and not any(word in str(name) for word in NO_EVIDENCE)
    ]  # fmt: skip


def tried(
    evasion: Evasion, before: pd.Series, row_of: Callable[[list[Move]], pd.Series] = row
) -> Tried:
    """Try one evasion, where ``before`` is the row without it."""
    asked = target()
    moves, plain = evasion.moves(asked), PLAIN.moves(asked)
    after = row_of(moves)
    columns = evidence(before)
    ratio = (after[columns] / before[columns]).fillna(0.0)
    told = any(
        abs(np.nan_to_num(after[name]) - np.nan_to_num(before[name])) > 0.01
        for name in before.index if any(word in name for word in TOLD)
    )  # fmt: skip
    days = (_length(moves) - _length(plain)) / DAY_S
    return Tried(evasion, ratio, told, extra_cost(moves, plain, asked, "owner"), days)


def _length(moves: list[Move]) -> float:
    return max(move.after_s for move in moves) - min(move.after_s for move in moves)


def prices(results: list[Tried]) -> pd.DataFrame:
    """For each column and each way to hide, the least level that halves it, and its price."""
    rows = []
    for column in results[0].ratio.index:
        for name in dict.fromkeys(one.evasion.name for one in results):
            halved = [one for one in results if one.evasion.name == name
                      and one.ratio[column] <= 0.5]  # fmt: skip
            if halved:
                rows.append({"column": column, **_price(halved[0])})
    return pd.DataFrame(rows)


def _price(one: Tried) -> dict[str, object]:
    money = (one.cost.given + one.cost.kept) / PLAIN.value
    return {
        "by": one.evasion.name,
        "level": one.evasion.level,
        **dict(zip(COSTS, (one.cost.transactions, one.cost.wallets, money, one.days), strict=True)),
        "told by other columns": one.told,
    }


def try_all() -> list[Tried]:
    """All evasions on the same theft."""
    before = row(PLAIN.moves(target()))
    return [tried(evasion, before) for evasion in EVASIONS]


def measure(results: list[Tried]) -> list[Measure]:
    """Share of the columns of each view that every evasion halves; the prices are a table apart."""
    found = []
    for name in watched():
        columns = [one for one in results[0].ratio.index if one.startswith(f"{name}_")]
        found.append(Measure(f"evasion: columns of {name} with evidence", float(len(columns)), ""))
        for one in results if columns else ():
            what = f"{one.evasion.name}, {one.evasion.level}"
            halved = float((one.ratio[columns] <= 0.5).mean())
            found.append(Measure(f"evasion: {what}: share of {name} columns halved", halved, ""))
    return found


def figure(results: list[Tried]) -> Figure:
    """What is left of every column under every evasion."""
    left = np.array([one.ratio.clip(0, 2).to_numpy() for one in results]).T
    names, ways = list(results[0].ratio.index), [one.evasion for one in results]
    picture = Figure(figsize=(15, 2.5 + 0.19 * len(names)), layout="constrained")
    axes = picture.subplots()
    image = axes.imshow(left, cmap="RdYlGn_r", vmin=0, vmax=2, aspect="auto")
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set_xticks(
        range(len(ways)), [f"{way.name}, {way.level}" for way in ways], fontsize=7, rotation=90
    )
    picture.colorbar(image, ax=axes, label="value with the evasion over value without (0 to 2)")
    return picture


def write_prices(results: list[Tried], path: Path) -> None:
    """Write :func:`prices` as CSV."""
    prices(results).to_csv(path, index=False, float_format="%.4g")
