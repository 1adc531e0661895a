"""What the counterparties' own columns add to what the view of one hop says of them already.

Of each row the latest ``WIDTH`` counterparties of a side are asked about as of the row's instant,
and their label-free columns are averaged, a side apart: twice as many columns as one wallet has.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from stage_around import World, compared, world_of
from stage_refit import config_of, read

from experiments.common import arms
from experiments.common import ethereum_phishing as protocol
from experiments.common.amlsim_bank import NAMES, read_bank, test_rows
from experiments.common.arms import Float64s
from experiments.common.results import Measure
from features import Ledger, feature_table
from features.ledger.side import Side
from features.views import VIEWS
from training.metrics import average_precision
from training.recipe import Recipe

CASES = ("5", "all")
WIDTH, SEEN = 16, 256  # counterparties of a side, transfers in which they are looked for
VIEWS_AVERAGED = (*arms.PLAIN, "relative", "layering", "windows")
SIDES = ("in", "out")
SEEDS = range(3)
Codes = npt.NDArray[np.int32]


def latest_counterparties(side: Side, code: int, as_of: int) -> Codes:
    """Different counterparties before ``as_of`` (microseconds), the latest first."""
    start = side.start[code]
    time = side.time[start : start + side.count[code]]
    end = start + int(np.searchsorted(time, as_of))
    met = side.counterparty[max(start, end - SEEN) : end][::-1]
    met = met[met != code]
    _, first = np.unique(met, return_index=True)
    found: Codes = met[np.sort(first)][:WIDTH]
    return found


def averaged(ledger: Ledger, index: "pd.Index[Any]", scale_free: bool) -> pd.DataFrame:
    """Means of the counterparties' columns; nan where a side has no counterparty."""
    met = [
        (row, side, int(other), as_of.value // 1000)
        for row, (wallet, as_of) in enumerate(index)
        for side in range(len(SIDES))
        for other in latest_counterparties(
            ledger.sides[side], ledger.code(wallet), as_of.value // 1000
        )
    ]
    pairs = pd.DataFrame(met, columns=["row", "side", "code", "as_of"])
    asked, place = np.unique(pairs[["code", "as_of"]], axis=0, return_inverse=True)
    spine = pd.DataFrame(
        {
            "wallet": [ledger.wallet(int(code)) for code in asked[:, 0]],
            "as_of": pd.to_datetime(asked[:, 1], unit="us", utc=True),
        }
    )
    names = list(arms.column_names(VIEWS_AVERAGED, scale_free=scale_free))
    own = feature_table(ledger, spine, views=arms.views_named(VIEWS_AVERAGED))[names]
    values = own.to_numpy()[place.ravel()]
    sides = []
    for side, word in enumerate(SIDES):
        of_side = (pairs["side"] == side).to_numpy()
        named = pd.DataFrame(values[of_side], columns=[f"nearby_{word}_{name}" for name in names])
        means = named.groupby(pairs["row"].to_numpy()[of_side]).mean()
        sides.append(means.reindex(range(len(index))))
    return pd.concat(sides, axis=1).set_axis(index, axis=0)


def scores(world: World, more: pd.DataFrame | None, seed: int) -> Float64s:
    """Raw scores of the test rows, the averages among the columns where they are given."""
    table, context = world.table, []
    if more is not None:
        table, context = pd.concat([table, more], axis=1), list(more.columns)
    config = config_of("scale_free", seed, context=context)
    recipe = Recipe.of(table, world.labels, config, ledger=None, views=VIEWS)
    return recipe.raw_scores(world.rows)


def ethereum(world: World, first: str, seeds: range) -> Iterator[Measure]:
    """With and without, on the same draws."""
    more = averaged(world.ledger, world.table.index, scale_free=True)
    found = {
        "without": [scores(world, None, seed) for seed in seeds],
        "with": [scores(world, more, seed) for seed in seeds],
    }
    for one in compared(first, world, found, {"with minus without": ("with", "without")}):
        yield replace(one, name=one.name.replace("around", "nearby", 1), target=None)


def amlsim(folder: Path, seeds: range, names: tuple[str, ...]) -> Iterator[Measure]:
    """The simulated bank: all columns that read no label."""
    views = (*arms.PLAIN, *arms.RELATIONAL, *arms.shapes())
    for name in names:
        bank, columns = read_bank(folder, name), arms.column_names(views, scale_free=False)
        more = averaged(bank.ledger, bank.table.index, scale_free=False)
        whole = pd.concat([bank.table, more], axis=1)
        found: dict[str, list[float]] = {"without": [], "with": []}
        for seed in seeds:
            test = test_rows(bank, seed)
            for arm, chosen in (("without", columns), ("with", (*columns, *more.columns))):
                said = arms.fitted_scores(
                    whole[~test], bank.y_true[~test], whole[test], chosen, seed=seed
                )
                found[arm].append(average_precision(bank.y_true[test], said))
        at = f"nearby amlsim {name}:"
        yield Measure(f"{at} prevalence", float(bank.y_true.mean()), "")
        for arm, some in found.items():
            yield arms.over_seeds(f"{at} {arm} PR-AUC", some)
        gained = np.subtract(found["with"], found["without"]).tolist()
        yield arms.over_seeds(f"{at} with minus without PR-AUC", gained)


def measures(work: Path, quick: bool) -> list[Measure]:
    """All figures of the stage; ``quick`` takes one seed of one case of Ethereum."""
    data, ledger = read(work), Ledger.open(work / "ledger")
    if quick:
        return list(ethereum(world_of(data, ledger, CASES[0]), CASES[0], range(1)))
    found = [
        one for first in CASES for one in ethereum(world_of(data, ledger, first), first, SEEDS)
    ]
    return [*found, *amlsim(protocol.DATA.parent / "amlsim", SEEDS, NAMES)]


def figures(measures: list[Measure]) -> dict[str, Figure]:
    """No figure: the table says it."""
    return {}
