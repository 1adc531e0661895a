"""The planted world of one hand: wallets that look ordinary alone, on paths that do not."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from network_arms import (
    SINGLE,
    TREES,
    WITH_TREES,
    arms_of,
    measured,
    over_worlds,
    pairs_of,
    run_pairs,
    runs_of,
)
from network_case import LABEL_FREE, Arm, Case, Scored, known_from_first_row
from network_figures import bars

from experiments.common import arms
from experiments.common.arms import Float64s
from experiments.common.one_hand import QUICK, World, plant
from experiments.common.results import Measure
from features import Ledger, check_labels, check_transfers, feature_table
from features.views import VIEWS
from training import TrainConfig, out_of_time
from training.recipe import Recipe

SEEDS = range(5)
ASKED, QUICK_ASKED = 12_000, 2_000  # ordinary movers that are asked about
CALIBRATE_SHARE = 0.15  # of the first half's rows, the last
ALONE = "trees on the wallet alone"
SINGLE_ALONE = f"{SINGLE} of the wallet alone"
READ_OFF = "the planted habits read off"
AT_ONCE = "labels known at once"
HIDDEN = 0.5  # share of rows from which they are hidden, as a remedy


def case_of(world: World, asked: int, seed: int) -> Case:
    """Movers of both halves: the first is learnt from, the second judged."""
    ledger = Ledger.from_transfers(check_transfers(world.transfers))
    movers = chosen(world, asked, seed)
    spine = movers[["wallet", "asked"]].set_axis(["wallet", "as_of"], axis=1)
    table = feature_table(ledger, spine, views=LABEL_FREE)
    start = world.transfers["timestamp"].min()
    label = np.where(movers["illicit"], "illicit", "licit")
    labels = check_labels(
        pd.DataFrame({"wallet": movers["wallet"], "label": label, "known_at": start})
    )
    early = spine.loc[spine["as_of"] < world.middle, "as_of"].sort_values()
    until = early.iloc[int((1 - CALIBRATE_SHARE) * len(early))]
    split = out_of_time(spine, train_until=until, calibrate_until=world.middle)
    config = TrainConfig(model="lightgbm", base_rate=0.01, seed=seed)
    rows = Recipe.of(table, labels, config, ledger=None, views=VIEWS).rows(split)
    known = known_from_first_row(labels, table, rows.learnt, pd.Timedelta(0))
    return Case("paths", ledger, labels, known, table, rows)


def chosen(world: World, asked: int, seed: int) -> pd.DataFrame:
    """All movers of crews, and some of the others; those whose flow ends in its own half."""
    movers = world.movers
    movers = movers[movers["late"] == (movers["asked"] >= world.middle)]
    ordinary = movers[~movers["illicit"]]
    some = ordinary.sample(min(asked, len(ordinary)), random_state=seed)
    return pd.concat([movers[movers["illicit"]], some]).sort_values(["asked", "wallet"])


def read_off(world: World, index: pd.Index) -> Float64s:
    """How alike a mover's habits are to those of the movers that it deals with: the signal itself.

    Truth and no model: how far a score that reads the habits without error can come.
    """
    movers = world.movers.set_index("wallet")
    log_rest, kept = np.log(movers["rest_s"]), np.log(movers["kept"])
    moved = world.transfers[["sender", "recipient"]]
    both = moved[moved["sender"].isin(movers.index) & moved["recipient"].isin(movers.index)]
    apart = np.hypot(
        both["sender"].map(log_rest).to_numpy() - both["recipient"].map(log_rest).to_numpy(),
        both["sender"].map(kept).to_numpy() - both["recipient"].map(kept).to_numpy(),
    )
    ends = pd.concat([pd.Series(apart, both[side].to_numpy()) for side in ("sender", "recipient")])
    mean = ends.groupby(level=0).mean()
    wallets = index.get_level_values("wallet")
    return -np.asarray(mean.reindex(wallets).fillna(mean.max()).to_numpy(), np.float64)


def measures(work: Path, *, quick: bool, kinds: tuple[str, ...]) -> list[Measure]:
    """All figures of the stage."""
    seeds = SEEDS[:1] if quick else SEEDS
    worlds = [plant(seed, QUICK if quick else None) for seed in seeds]
    cases = [
        case_of(world, QUICK_ASKED if quick else ASKED, seed)
        for world, seed in zip(worlds, seeds, strict=True)
    ]
    own = arms.column_names(arms.PLAIN, scale_free=False)
    own = tuple(name for name in own if name in cases[0].table)
    asked_for = arms_of(kinds, "all", "nothing")
    asked_for[ALONE] = Arm("lightgbm", own, told="nothing")
    networks = [kind for kind in kinds if kind not in WITH_TREES]
    asked_for |= {f"{kind}, {AT_ONCE}": Arm(kind, "all") for kind in (TREES, *networks)}
    hidden = {"hide_known": HIDDEN}
    asked_for |= {
        f"{kind}, {AT_ONCE} and hidden": Arm(kind, "all", parameters=hidden) for kind in networks
    }
    runs = dict(runs_of(cases, asked_for, seeds, work))
    runs[SINGLE_ALONE] = [case.single_feature(own)[1] for case in cases]
    runs[READ_OFF] = [
        Scored(one.y_true, read_off(world, one.index), one.index, 0.0, 0.0)
        for world, one in zip(worlds, runs[TREES], strict=True)
    ]
    pairs = run_pairs(pairs_of(kinds) | {f"{TREES} minus {ALONE}": (TREES, ALONE)}, runs)
    targets = {f"{kind} minus {TREES}": 0.0 for kind in kinds}
    return [
        *cases[0].sizes(), *measured("paths", runs, pairs, targets),
        *over_worlds("paths", runs, pairs),
    ]  # fmt: skip


def figures(found: list[Measure]) -> dict[str, Figure]:
    """All arms."""
    return bars("paths.png", found, ["paths"])
