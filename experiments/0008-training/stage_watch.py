"""Does a probability survive another data set, and does the monitor call for a retrain in time."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import watch_halves
import watch_replay
from matplotlib.figure import Figure
from watch_halves import Half, Known

from experiments.common import ethereum_phishing as protocol
from experiments.common.results import Measure, SkippedError
from features.views import VIEWS
from training import RiskModel, TrainConfig
from training.metrics import average_precision
from training.recipe import Recipe
from training.trained import ship
from training.truth import labels_to_y
from training.watch.columns import moved_much
from training.watch.monitor import Watched, monitor
from training.watch.prior import at_prior

FIRSTS = ("5", "all")
SETS = ("all", "scale_free")
FACTOR = 2.0
TELLS = 0.75  # a column's AUC alone, from which it is left out
HALVES_CSV, REPLAY_CSV = "watch_halves.csv", "watch_replay.csv"
HERE = Path(__file__).resolve().parent


def measures(work: Path, quick: bool) -> list[Measure]:
    """All figures; the tables behind them go beside this file, but not where it is quick."""
    if not (protocol.DATA.is_dir() and watch_halves.LISTS.is_file()):
        raise SkippedError("needs the data sets ethereum_phishing and ethereum_labels")
    firsts, sets = (("5",), ("scale_free",)) if quick else (FIRSTS, SETS)
    known = watch_halves.read_known(watch_halves.read(work), firsts)
    asked = pd.DataFrame(list(_asked(known, firsts, sets, quick=quick)))
    replayed = watch_replay.replay(known, quick=quick)
    if not quick:
        asked.round(4).to_csv(HERE / HALVES_CSV, index=False)
        replayed.months.round(4).to_csv(HERE / REPLAY_CSV, index=False)
    return [*_of_halves(asked), *watch_replay.measures(replayed)]


def figures(measured: list[Measure]) -> dict[str, Figure]:
    """The halves and the months, of the tables that :func:`measures` wrote."""
    del measured
    return {
        "watch_halves.png": watch_replay.halves_figure(pd.read_csv(HERE / HALVES_CSV)),
        "watch_replay.png": watch_replay.months_figure(pd.read_csv(HERE / REPLAY_CSV)),
    }


def _asked(
    known: Known, firsts: tuple[str, ...], sets: tuple[str, ...], *, quick: bool
) -> Iterator[dict[str, object]]:
    """A row a model and a half that it is asked about."""
    for first in firsts:
        for half in watch_halves.halves(known, first):
            if quick and half.name != "period":
                continue
            for columns in sets:
                for learnt, other in ((half.one, half.other), (half.other, half.one)):
                    parameters = watch_replay.QUICK if quick else {}
                    config = _config(columns, parameters)
                    found = _ask(known, first, Half(half.name, learnt, other), config)
                    if found:
                        yield found


def _ask(known: Known, first: str, half: Half, config: TrainConfig) -> dict[str, object]:
    """Learn from one half, ask about the other; the other's labels are read last, to judge."""
    learnt = watch_halves.rows_of(known, first, half.one)
    other = watch_halves.rows_of(known, first, half.other)
    if min(_fewest(known, learnt), _fewest(known, other)) < watch_halves.LEAST_OF_A_CLASS:
        return {}
    model = _shipped(known, learnt, config)
    watched = monitor(model, other)
    telling = [str(name) for name in watched.columns.index[watched.columns["auc"] >= TELLS]]
    fewer = model
    if telling:
        fewer = _shipped(known, learnt, config.model_copy(update={"leave_out": telling}))
    y_true = labels_to_y(known.labels, watched.rows.index)
    other = other.loc[watched.rows.index]
    share = watched.priors.em.share
    plain = at_prior(model, watched.reference.prevalence).predict_proba(other)
    shifted = at_prior(model, share).predict_proba(other)
    without = at_prior(fewer, watched.reference.prevalence).predict_proba(other)
    return {
        "k": first, "half": half.name, "columns": config.columns,
        "learnt": len(learnt), "asked": len(other),
        "prevalence_learnt": watched.reference.prevalence, "seen": float(y_true.mean()),
        "said_as_learnt": float(plain.mean()), "said_at_prior": float(shifted.mean()),
        "prior_low": watched.priors.em.low, "prior_high": watched.priors.em.high,
        "prior_confusion": watched.priors.confusion.share,
        "trusted": watched.verdict.prior_trusted,
        **_signs(watched),
        "pr_auc_out_of_fold": watched.reference.pr_auc,
        "pr_auc": average_precision(y_true, plain),
        "telling_columns": len(telling),
        "pr_auc_without_them": average_precision(y_true, without),
        "said_without_them": float(without.mean()),
    }  # fmt: skip


def _config(columns: str, parameters: dict[str, int]) -> TrainConfig:
    return TrainConfig.model_validate(
        {
            "model": "lightgbm", "base_rate": protocol.BASE_RATE, "columns": columns,
            "parameters": parameters,
        }
    )  # fmt: skip


def _signs(watched: Watched) -> dict[str, object]:
    return {
        "action": watched.verdict.action,
        "outside": watched.outside.share,
        "adversarial_auc": watched.outside.adversarial_auc,
        "adversarial_auc_at_prior": watched.outside.at_prior_auc,
        "unexplained_psi": watched.unexplained_psi,
        "disagreement": watched.priors.disagreement,
        "columns_psi_large": int(moved_much(watched.columns).sum()),
    }


def _shipped(known: Known, rows: pd.DataFrame, config: TrainConfig) -> RiskModel:
    return ship(Recipe.of(rows, known.labels, config, ledger=None, views=VIEWS)).model


def _fewest(known: Known, rows: pd.DataFrame) -> int:
    y_true = labels_to_y(known.labels, rows.index)
    return int(min((y_true == 1).sum(), (y_true == 0).sum()))


def _of_halves(asked: pd.DataFrame) -> Iterator[Measure]:
    """The worst factor between said and seen of each cut, over both directions and all k."""
    said = {
        "as learnt": asked["said_as_learnt"],
        "at the estimated prior": asked["said_at_prior"],
        "at the estimated prior where it is trusted": asked["said_at_prior"].where(
            asked["trusted"], asked["said_as_learnt"]
        ),
    }
    for name, values in said.items():
        factor = pd.Series(watch_replay.factor_apart(values, asked["seen"]), asked.index)
        for (columns, half), rows in asked.groupby(["columns", "half"], sort=False):
            worst = factor[rows.index]
            yield Measure(
                f"halves, {columns} columns, by {half}: mean said {name}, worst factor from seen",
                float(worst.max()), "times", float(worst.min()), float(worst.max()), FACTOR,
            )  # fmt: skip
    for (columns, half), rows in asked.groupby(["columns", "half"], sort=False):
        at = f"halves, {columns} columns, by {half}:"
        for name in ("pr_auc", "seen"):
            yield Measure(f"{at} {name}, median", float(rows[name].median()), "",
                          float(rows[name].min()), float(rows[name].max()))  # fmt: skip
        gain = rows["pr_auc_without_them"] - rows["pr_auc"]
        yield Measure(f"{at} PR-AUC without the columns that tell the halves apart, gain",
                      float(gain.median()), "", float(gain.min()), float(gain.max()))  # fmt: skip
        yield Measure(f"{at} columns that tell the halves apart",
                      float(rows["telling_columns"].median()), "columns")  # fmt: skip
        yield Measure(f"{at} prior trusted", float(rows["trusted"].mean()), "share of cases")
