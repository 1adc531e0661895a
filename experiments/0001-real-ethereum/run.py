"""How well are real phishing wallets told apart? `python experiments/0001-real-ethereum/run.py`."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import numpy as np  # noqa: E402 - the repository must be importable first
import pandas as pd  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from shuffled_edges import edges_shuffled  # noqa: E402

from experiments.common import ethereum_phishing as protocol  # noqa: E402
from experiments.common.results import Measure, fill_readme, write_result  # noqa: E402
from features import Ledger, feature_table  # noqa: E402
from features.views import VIEWS  # noqa: E402
from training import OutOfTime, RiskModel, TrainConfig, label_shuffle  # noqa: E402
from training.metrics import (  # noqa: E402
    average_precision,
    base_rate_weights,
    best_single_feature,
    bootstrap_intervals,
    calibration_curve,
    chance_calibration_error,
    expected_calibration_error,
    precision_recall_at,
    single_feature_score,
)
from training.recipe import Recipe  # noqa: E402
from training.trained import judge, ship  # noqa: E402

NO_EDGES = {"first_fan": 0}
TARGET = {"5": 0.965, "30": 0.96, "all": 0.87}  # of the recipe, without labels around
BUDGET = 0.01
NETWORK_SEEDS = 3  # a network takes a minute where the trees take seconds


@dataclass(frozen=True, slots=True)
class Case:
    """A k with its rows, its split and all that a training of it needs."""

    first: str
    ledger: Ledger
    labels: pd.DataFrame
    split: OutOfTime
    own: pd.DataFrame  # one row a wallet
    pooled: pd.DataFrame  # wallets before the test at all their cuts before it

    def recipe(
        self, kind: str, columns: str, seed: int, *, pooled: bool = True,
        parameters: Mapping[str, object] | None = None,
    ) -> Recipe:  # fmt: skip
        """What is learnt, bound to this case's rows."""
        config = TrainConfig.model_validate(
            {
                "model": kind, "base_rate": protocol.BASE_RATE, "seed": seed, "columns": columns,
                "parameters": dict(parameters or {}),
            }
        )  # fmt: skip
        table = self.pooled if pooled else self.own
        return Recipe.of(table, self.labels, config, ledger=self.ledger, views=VIEWS)

    def ranked(self, recipe: Recipe) -> pd.DataFrame:
        """Test rows with ``y_true`` and ``raw``, by one fit to all before the test."""
        rows = recipe.rows(self.split)
        frame = {"y_true": rows.y_true[rows.test], "raw": recipe.raw_scores(rows)}
        return pd.DataFrame(frame, index=recipe.table.index[rows.test])


def cases(work: Path, names: tuple[str, ...]) -> Iterator[Case]:
    """Ingest, compute every table once, and give the cases."""
    ledger = protocol.ingest(work)
    labels = protocol.read_labels()
    spines = {first: protocol.spine(ledger, labels, first) for first in protocol.POOL}
    tables = {first: feature_table(ledger, rows) for first, rows in spines.items()}
    for first in names:
        split = protocol.split(spines[first])
        pooled = protocol.pooled(tables, first, split.test_from)
        yield Case(first, ledger, labels, split, tables[first], pooled)


def mean_over_seeds(name: str, runs: list[pd.DataFrame], *, target: float | None = None) -> Measure:
    """PR-AUC, mean over seeds; the interval is from one block bootstrap of all of them."""
    y_true = runs[0]["y_true"].to_numpy(np.int8)

    def pr_auc(weights: np.ndarray) -> dict[str, float]:
        areas = [average_precision(y_true, run["raw"].to_numpy(), weights) for run in runs]
        return {"value": float(np.mean(areas))}

    low, high = bootstrap_intervals(pr_auc, y_true, runs[0].index, seed=0)["value"]
    value = pr_auc(np.ones(len(y_true)))["value"]
    return Measure(name, value, "", low, high, target, at_least=True)


def spread(name: str, runs: list[pd.DataFrame], of: Callable[[pd.DataFrame], float]) -> Measure:
    """A number of the test scores: mean over seeds, least and greatest."""
    values = [of(run) for run in runs]
    return Measure(name, float(np.mean(values)), "", min(values), max(values))


def precision_at_base_rate(scores: pd.DataFrame) -> float:
    """Precision when 1 % is reviewed in a world of 1 % illicit wallets."""
    y_true = scores["y_true"].to_numpy(np.int8)
    world = base_rate_weights(y_true, protocol.BASE_RATE)
    return precision_recall_at(y_true, scores["probability"].to_numpy(), BUDGET, world)[0]


def calibration_error(scores: pd.DataFrame) -> float:
    """Expected calibration error at the prevalence of what was learnt from."""
    y_true = scores["y_true"].to_numpy(np.int8)
    return expected_calibration_error(y_true, scores["probability_as_labelled"].to_numpy())


def measure(case: Case, seeds: range) -> tuple[list[Measure], pd.DataFrame]:
    """All figures of one k, and the calibrated scores of the first seed."""
    at = f"k={case.first}"
    few = seeds[:NETWORK_SEEDS]

    def runs(kind: str, columns: str, some: range, **more: object) -> list[pd.DataFrame]:
        return [case.ranked(case.recipe(kind, columns, one, **more)) for one in some]

    ranked = {
        f"{kind} {columns}": runs(kind, columns, some)
        for kind, some in (("lightgbm", seeds), ("graphsage", few))
        for columns in ("scale_free", "all")
    }
    ranked["lightgbm scale_free, own rows only"] = runs(
        "lightgbm", "scale_free", seeds, pooled=False
    )
    ranked["graphsage scale_free, no edges"] = runs(
        "graphsage", "scale_free", few, parameters=NO_EDGES
    )
    with edges_shuffled():
        ranked["graphsage scale_free, shuffled edges"] = runs("graphsage", "scale_free", few)
    head = [judge(case.recipe("lightgbm", "scale_free", seed), case.split).scores for seed in seeds]
    scores = head[0]
    found = [
        Measure(f"{at} test rows", float(len(scores)), ""),
        Measure(f"{at} prevalence", float(scores["y_true"].mean()), ""),
        *(
            mean_over_seeds(
                f"{at} {name} PR-AUC", some,
                target=TARGET.get(case.first) if name == "lightgbm scale_free" else None,
            )
            for name, some in ranked.items()
        ),
        single_feature(case),
        shuffled(case, seeds),
        *newcomers(case, ranked["lightgbm scale_free"]),
        spread(f"{at} precision at 1 % base rate, 1 % reviewed", head, precision_at_base_rate),
        spread(f"{at} calibration error", head, calibration_error),
        Measure(
            f"{at} calibration error expected of chance",
            chance_calibration_error(scores["probability_as_labelled"].to_numpy()), "",
        ),
    ]  # fmt: skip
    return found, scores


def single_feature(case: Case) -> Measure:
    """PR-AUC of the column that ranks what is learnt from best by itself."""
    recipe = case.recipe("lightgbm", "scale_free", 0)
    rows = recipe.rows(case.split)
    column, sign = best_single_feature(recipe.features(rows.learnt), rows.y_true[rows.learnt])
    score = single_feature_score(recipe.features(rows.test), column, sign)
    print(f"k={case.first}: best single feature {recipe.names[column]}, {sign:+d}", flush=True)
    area = average_precision(rows.y_true[rows.test], score)
    return Measure(f"k={case.first} best single feature PR-AUC", area, "")


def shuffled(case: Case, seeds: range) -> Measure:
    """PR-AUC after the training wallets have swapped labels: near the prevalence, or it leaks."""
    configs = [case.recipe("lightgbm", "scale_free", seed).config for seed in seeds]
    values = [label_shuffle(case.pooled, case.labels, case.split, one) for one in configs]
    name = f"k={case.first} label shuffle PR-AUC"
    return Measure(name, float(np.mean(values)), "", min(values), max(values))


def newcomers(case: Case, runs: list[pd.DataFrame]) -> Iterator[Measure]:
    """PR-AUC on test wallets that did not exist when training ended."""
    wallets = runs[0].index.get_level_values("wallet")
    new = protocol.born_after(case.ledger, wallets, case.split.test_from)
    y_true = runs[0]["y_true"].to_numpy(np.int8)[new]
    yield Measure(f"k={case.first} wallets born after the split", float(new.sum()), "")
    yield Measure(f"k={case.first} their prevalence", float(y_true.mean()), "")
    values = [average_precision(y_true, run["raw"].to_numpy()[new]) for run in runs]
    name = f"k={case.first} their lightgbm scale_free PR-AUC"
    yield Measure(name, float(np.mean(values)), "", min(values), max(values))


def shipped(case: Case) -> RiskModel:
    """The model that a training of this case gives out."""
    return ship(case.recipe("lightgbm", "scale_free", 0)).model


def growth_figure(measures: list[Measure], names: tuple[str, ...]) -> Figure:
    """PR-AUC by k, with intervals, beside prevalence."""
    by_name = {measure.name: measure for measure in measures}
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    lines = {
        "LightGBM, scale-free": "lightgbm scale_free PR-AUC",
        "GraphSAGE, scale-free": "graphsage scale_free PR-AUC",
        "LightGBM, all columns": "lightgbm all PR-AUC",
        "best single feature": "best single feature PR-AUC",
        "label shuffle": "label shuffle PR-AUC",
        "prevalence": "prevalence",
    }
    for place, (label, suffix) in enumerate(lines.items()):
        some = [by_name[f"k={first} {suffix}"] for first in names]
        x = np.arange(len(some)) + (place - 2.5) * 0.05
        values = [measure.value for measure in some]
        low = [m.value - (m.value if m.low is None else m.low) for m in some]
        high = [(m.value if m.high is None else m.high) - m.value for m in some]
        axes.errorbar(
            x, values, yerr=np.maximum([low, high], 0), marker="o", capsize=3, label=label,
            linestyle=":" if suffix == "prevalence" else "-",
        )  # fmt: skip
    axes.set_xticks(range(len(names)), names)
    axes.set_xlabel("transfers seen before the score (k)")
    axes.set_ylabel("PR-AUC on the test slice")
    axes.set_ylim(0, 1.02)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, ncols=2, loc="lower left")
    return figure


def calibration_figure(scores: Mapping[str, pd.DataFrame]) -> Figure:
    """Said against seen probability for every k."""
    figure = Figure(figsize=(5, 4.5), layout="constrained")
    axes = figure.subplots()
    for first, some in scores.items():
        curve = calibration_curve(
            some["y_true"].to_numpy(np.int8), some["probability_as_labelled"].to_numpy()
        )
        axes.plot(curve.said, curve.seen, marker="o", label=f"k={first}")
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="perfect")
    axes.set_xlabel("probability said, at the prevalence of what was learnt from")
    axes.set_ylabel("share illicit, bins of equal size")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="k=5, one seed; nothing is written")
    parser.add_argument("--model", type=Path, help="save the k=5 scale-free LightGBM model here")
    arguments = parser.parse_args()
    names = ("5",) if arguments.quick else protocol.FIRST
    seeds = range(1) if arguments.quick else protocol.SEEDS
    measures: list[Measure] = []
    scores: dict[str, pd.DataFrame] = {}
    with tempfile.TemporaryDirectory() as work:
        for case in cases(Path(work), names):
            found, scores[case.first] = measure(case, seeds)
            measures += found
            for one in found:
                print(f"  {one.name}: {one.value:.4f}", flush=True)
            if arguments.model is not None and case.first == "5":
                shipped(case).save(arguments.model)
    if not arguments.quick:
        command = "python experiments/0001-real-ethereum/run.py"
        every = write_result(HERE / "result.json", measures, command=command, seeds=seeds)
        fill_readme(HERE / "README.md", every)
        growth_figure(measures, names).savefig(HERE / "growth.png", dpi=130)
        calibration_figure(scores).savefig(HERE / "calibration.png", dpi=130)


if __name__ == "__main__":
    main()
