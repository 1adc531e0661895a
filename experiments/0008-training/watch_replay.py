"""Ethereum month by month: when the monitor would have called for a retrain, and what that gained.

Every wallet is asked about right after its fifth transfer. Three ways to go on are compared on the
same rows: the first model for ever, a new model every month, and a new one after each call. A call
made of a month is answered at its end: the new model learns from all rows before and serves the
next month. The set says nothing of when labels became known, so a retrain knows all of the past.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter
from watch_halves import Known

from experiments.common import ethereum_phishing as protocol
from experiments.common.results import Measure
from features.views import VIEWS
from training import RiskModel, TrainConfig
from training.metrics import average_precision, bootstrap_intervals
from training.recipe import Recipe
from training.trained import ship
from training.truth import labels_to_y
from training.watch.columns import moved_much
from training.watch.monitor import Watched, monitor

Float64s = npt.NDArray[np.float64]

FIRST = "5"
START, END = "2017-10-01", "2019-04-01"  # before and after, a month has too few of one class
QUICK_END = "2017-12-01"
QUICK = {"trees": 40}
LEAST_ROWS = 30
CONFIG = TrainConfig(model="lightgbm", base_rate=protocol.BASE_RATE, columns="scale_free")
WAYS = ("never", "monthly", "on call")
LEAST_DRAWN = 0.02  # a mean below is drawn there
TICKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
GREY, BLUE, ORANGE = "#8a8a8a", "#1f4e79", "#c55a11"


@dataclass(frozen=True, slots=True)
class Replayed:
    """A row a month, and a row a wallet with the log-odds by each way to go on."""

    months: pd.DataFrame
    rows: pd.DataFrame


def replay(known: Known, *, quick: bool) -> Replayed:
    """Serve month after month by each way."""
    table = known.tables[FIRST]
    table = table[table.index.get_level_values("wallet").isin(known.own)]
    counts = table[["coverage_in_count", "coverage_out_count"]].sum(axis=1)
    table = table[counts >= CONFIG.min_transfers]
    as_of = table.index.get_level_values("as_of")
    config = CONFIG.model_copy(update={"parameters": QUICK if quick else {}})
    edges = pd.date_range(START, QUICK_END if quick else END, freq="MS", tz="UTC")
    serving = dict.fromkeys(WAYS, _learnt(known, table[as_of < edges[0]], config))
    months, rows = [], []
    for begin, end in pairwise(edges):
        window = table[(as_of >= begin) & (as_of < end)]
        if len(window) < LEAST_ROWS:
            continue
        said = {way: model.log_odds(window) for way, model in serving.items()}
        y_true = labels_to_y(known.labels, window.index)
        rows.append(pd.DataFrame({"y_true": y_true, **said}, index=window.index))
        stale = monitor(serving["never"], window)
        watched = monitor(serving["on call"], window)
        called = watched.verdict.action == "retrain"
        months.append(_month(begin, rows[-1], stale, watched))
        fresh = _learnt(known, table[as_of < end], config)
        serving = {
            "never": serving["never"], "monthly": fresh,
            "on call": fresh if called else serving["on call"],
        }  # fmt: skip
    return Replayed(pd.DataFrame(months), pd.concat(rows))


def _month(
    begin: pd.Timestamp, rows: pd.DataFrame, stale: Watched, watched: Watched
) -> dict[str, object]:
    y_true = rows["y_true"].to_numpy(np.int8)
    both = 0 < y_true.sum() < len(y_true)
    signs = {
        "outside": watched.outside.share,
        "adversarial_auc": watched.outside.adversarial_auc,
        "adversarial_auc_at_prior": watched.outside.at_prior_auc,
        "unexplained_psi": watched.unexplained_psi,
        "columns_psi_large": int(moved_much(watched.columns).sum()),
        "columns_telling": int((watched.columns["auc"] >= 0.8).sum()),
        "prior": watched.priors.em.share,
        "prior_low": watched.priors.em.low,
        "prior_high": watched.priors.em.high,
    }
    return {
        "month": f"{begin:%Y-%m}", "rows": len(rows), "seen": float(y_true.mean()),
        "action": watched.verdict.action, "action_of_the_first_model": stale.verdict.action,
        **signs,
        **{f"pr_auc {way}": average_precision(y_true, rows[way].to_numpy()) if both else np.nan
           for way in WAYS},
    }  # fmt: skip


def factor_apart(said: pd.Series, seen: pd.Series) -> Float64s:
    """Factor between what was said and what was seen, 1 or more, each way round."""
    logs = np.log(said.to_numpy(np.float64) / seen.to_numpy(np.float64))
    return np.asarray(np.exp(np.abs(logs)))


def measures(replayed: Replayed) -> Iterator[Measure]:
    """Calls, and PR-AUC of all months' rows together by each way with paired differences."""
    months, rows = replayed.months, replayed.rows
    y_true = rows["y_true"].to_numpy(np.int8)

    def pr_auc(weights: Float64s) -> dict[str, float]:
        found = {way: average_precision(y_true, rows[way].to_numpy(), weights) for way in WAYS}
        return found | {
            f"{way} against never": found[way] - found["never"] for way in WAYS if way != "never"
        }

    values = pr_auc(np.ones(len(y_true)))
    intervals = bootstrap_intervals(pr_auc, y_true, rows.index, seed=0)
    yield Measure("replay: months", float(len(months)), "months")
    yield Measure("replay: rows", float(len(rows)), "")
    yield Measure("replay: prevalence", float(y_true.mean()), "")
    for name, column in (
        ("calls for a retrain", "action"),
        ("calls for a retrain, first model for ever", "action_of_the_first_model"),
    ):
        yield Measure(f"replay: {name}", float((months[column] == "retrain").sum()), "months")
    for name, value in values.items():
        yield Measure(f"replay: retrain {name}, PR-AUC", value, "", *intervals[name])
    off = factor_apart(months["prior"], months["seen"])
    yield Measure("replay: estimated prior, factor from seen, median month",
                  float(np.median(off)), "times", float(off.min()), float(off.max()),
                  2.0)  # fmt: skip
    for sign in ("outside", "adversarial_auc", "columns_psi_large", "columns_telling"):
        found = months[sign]
        yield Measure(f"replay: {sign}, median month", float(found.median()), "",
                      float(found.min()), float(found.max()))  # fmt: skip


def months_figure(months: pd.DataFrame) -> Figure:
    """Draw PR-AUC by each way, the months with a call, and the prior estimated beside that seen."""
    figure = Figure(figsize=(9.0, 7.0), layout="constrained")
    FigureCanvasAgg(figure)
    top, middle, bottom = figure.subplots(3, 1, sharex=True, height_ratios=[3, 2, 2])
    for way, color in zip(WAYS, (GREY, BLUE, ORANGE), strict=True):
        top.plot(months["month"], months[f"pr_auc {way}"], color=color, marker="o", label=way)
    for month in months.loc[months["action"] == "retrain", "month"]:
        top.axvline(month, color=ORANGE, alpha=0.25, lw=8)
    top.set(title="PR-AUC of each month by when the model is trained again; bars: called for")
    top.legend(frameon=False, ncols=3)
    middle.plot(months["month"], months["seen"], color=GREY, marker="o", label="seen")
    middle.errorbar(
        months["month"], months["prior"], color=BLUE, marker="o", label="estimated, no label",
        yerr=[months["prior"] - months["prior_low"], months["prior_high"] - months["prior"]],
    )  # fmt: skip
    middle.set(title="Share of illicit wallets")
    middle.legend(frameon=False)
    bottom.plot(months["month"], months["adversarial_auc"], color=BLUE, marker="o",
                label="adversarial AUC")  # fmt: skip
    bottom.plot(months["month"], months["outside"], color=ORANGE, marker="o",
                label="share of rows beyond what was learnt")  # fmt: skip
    bottom.plot(months["month"], months["unexplained_psi"], color=GREY, marker="o",
                label="unexplained PSI of scores")  # fmt: skip
    bottom.set(title="Signs without labels")
    bottom.set_ylim(-0.05, 1.2)
    bottom.legend(frameon=False, ncols=3, loc="upper left", fontsize=8)
    for axes in (top, middle, bottom):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    bottom.tick_params(axis="x", rotation=60)
    return figure


def halves_figure(asked: pd.DataFrame) -> Figure:
    """Draw the mean said against the share seen of every half, on logarithmic axes."""
    figure = Figure(figsize=(9.0, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    ways = (("said_as_learnt", "as learnt"), ("said_at_prior", "at the estimated prior"))
    for axes, (column, name) in zip(figure.subplots(1, 2, sharey=True), ways, strict=True):
        line = np.array([LEAST_DRAWN, 1.0])
        axes.plot(line, line, color=GREY)
        axes.fill_between(line, line / 2, line * 2, color=GREY, alpha=0.15, label="factor two")
        for half, rows in asked.groupby("half", sort=False):
            said = rows[column].clip(lower=LEAST_DRAWN)
            axes.scatter(rows["seen"], said, label=str(half), s=28, clip_on=False)
        axes.set(xscale="log", yscale="log", xlim=(0.1, 1), ylim=(LEAST_DRAWN, 1),
                 xlabel="share seen", title=f"Mean probability, {name}")  # fmt: skip
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(FixedLocator(TICKS))
            axis.set_minor_locator(NullLocator())
            axis.set_major_formatter(ScalarFormatter())
        axes.grid(alpha=0.25)
    figure.axes[0].set_ylabel("mean said of the other half")
    figure.axes[0].legend(frameon=False, fontsize=8)
    return figure


def _learnt(known: Known, rows: pd.DataFrame, config: TrainConfig) -> RiskModel:
    return ship(Recipe.of(rows, known.labels, config, ledger=None, views=VIEWS)).model
