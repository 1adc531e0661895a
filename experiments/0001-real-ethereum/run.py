"""How well are real phishing wallets told apart? `python experiments/0001-real-ethereum/run.py`."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import numpy as np  # noqa: E402 - the repository must be importable first
import pandas as pd  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from shuffled_edges import edges_shuffled  # noqa: E402

from experiments.common import ethereum_phishing as protocol  # noqa: E402
from experiments.common.results import Measure, fill_readme, write_result  # noqa: E402
from features import Ledger, feature_table  # noqa: E402
from training import OutOfTime, TrainConfig, Trained, train  # noqa: E402
from training.metrics import (  # noqa: E402
    average_precision,
    base_rate_weights,
    bootstrap_intervals,
    calibration_curve,
    expected_calibration_error,
    precision_recall_at,
)
from training.models.estimator import Inputs  # noqa: E402
from training.models.kinds import estimator_class  # noqa: E402
from training.splits import labels_of  # noqa: E402
from training.trained import label_shuffle, wallet_weights  # noqa: E402

Kind = Literal["lightgbm", "graphsage"]
Columns = Literal["all", "scale_free"]
NO_EDGES: dict[str, object] = {"first_fan": 0}
TARGET = {"5": 0.975, "30": 0.96, "all": 0.92}
BUDGET = 0.01


@dataclass(frozen=True, slots=True)
class Case:
    """A k with its rows, its split and all that a training of it needs."""

    first: str
    ledger: Ledger
    labels: pd.DataFrame
    borders: OutOfTime
    table: pd.DataFrame  # of the protocol alone
    pooled: pd.DataFrame
    pooled_later: pd.DataFrame  # with the calibration slice as training rows

    def trained(
        self, kind: Kind, columns: Columns, seed: int, *, pooled: bool = True,
        parameters: dict[str, object] | None = None,
    ) -> Trained:  # fmt: skip
        """Train one model on this case."""
        config = TrainConfig(
            model=kind, base_rate=protocol.BASE_RATE, seed=seed, columns=columns,
            parameters=parameters or {},
        )  # fmt: skip
        table = self.pooled if pooled else self.table
        return train(table, self.labels, self.borders, config, ledger=self.ledger)


def cases(work: Path, names: tuple[str, ...]) -> Iterator[Case]:
    """Ingest, compute every table once, and give the cases."""
    ledger = protocol.ingest(work)
    labels = protocol.read_labels()
    spines = {first: protocol.spine(ledger, labels, first) for first in protocol.POOL}
    tables = {first: feature_table(ledger, rows) for first, rows in spines.items()}
    for first in names:
        borders = protocol.split(spines[first])
        pools = [
            protocol.pooled(tables, first, until)
            for until in (borders.train_until, borders.test_from)
        ]
        yield Case(first, ledger, labels, borders, tables[first], *pools)


def mean_over_seeds(name: str, runs: list[Trained], *, target: float | None = None) -> Measure:
    """PR-AUC, mean over seeds; the interval is from one block bootstrap of all of them."""
    y_true = runs[0].scores["y_true"].to_numpy(np.int8)
    said = [run.scores["probability"].to_numpy() for run in runs]

    def pr_auc(weights: np.ndarray) -> dict[str, float]:
        return {"value": float(np.mean([average_precision(y_true, p, weights) for p in said]))}

    low, high = bootstrap_intervals(pr_auc, y_true, runs[0].scores.index, seed=0)["value"]
    value = pr_auc(np.ones(len(y_true)))["value"]
    return Measure(name, value, "", low, high, target, at_least=True)


def spread(name: str, runs: list[Trained], of: Callable[[pd.DataFrame], float]) -> Measure:
    """A number of the test scores: mean over seeds, least and greatest."""
    values = [of(run.scores) for run in runs]
    return Measure(name, float(np.mean(values)), "", min(values), max(values))


def precision_at_base_rate(scores: pd.DataFrame) -> float:
    """Precision when 1 % is reviewed in a world of 1 % illicit wallets."""
    y_true = scores["y_true"].to_numpy(np.int8)
    world = base_rate_weights(y_true, protocol.BASE_RATE)
    return precision_recall_at(y_true, scores["probability"].to_numpy(), BUDGET, world)[0]


def calibration_error(scores: pd.DataFrame) -> float:
    """Expected calibration error at the prevalence of the calibration slice."""
    y_true = scores["y_true"].to_numpy(np.int8)
    return expected_calibration_error(y_true, scores["probability_as_labelled"].to_numpy())


def measure(case: Case, seeds: range) -> tuple[list[Measure], dict[str, list[Trained]]]:
    """All figures of one k."""
    at = f"k={case.first}"
    runs = {
        f"{kind} {columns}": [case.trained(kind, columns, seed) for seed in seeds]
        for kind in ("lightgbm", "graphsage")
        for columns in ("scale_free", "all")
    }
    runs["lightgbm scale_free, own rows only"] = [
        case.trained("lightgbm", "scale_free", seed, pooled=False) for seed in seeds
    ]
    runs["graphsage scale_free, no edges"] = [
        case.trained("graphsage", "scale_free", seed, parameters=NO_EDGES) for seed in seeds
    ]
    with edges_shuffled():
        runs["graphsage scale_free, shuffled edges"] = [
            case.trained("graphsage", "scale_free", seed) for seed in seeds
        ]
    head = runs["lightgbm scale_free"]
    scores = head[0].scores
    found = [
        Measure(f"{at} test rows", float(len(scores)), ""),
        Measure(f"{at} prevalence", float(scores["y_true"].mean()), ""),
        *(
            mean_over_seeds(
                f"{at} {name} PR-AUC", some,
                target=TARGET.get(case.first) if some is head else None,
            )
            for name, some in runs.items()
        ),
        Measure(f"{at} best single feature PR-AUC", head[0].metrics["pr_auc_single_feature"], ""),
        refitted(case, head),
        shuffled(case, seeds),
        *newcomers(case, head),
        spread(f"{at} precision at 1 % base rate, 1 % reviewed", head, precision_at_base_rate),
        spread(f"{at} calibration error", head, calibration_error),
        Measure(f"{at} calibration error expected of chance", head[0].metrics["ece_chance"], ""),
    ]  # fmt: skip
    print(f"{at}: best single feature {head[0].best_feature}", flush=True)
    return found, runs


def refitted(case: Case, runs: list[Trained]) -> Measure:
    """PR-AUC of LightGBM that learnt from the calibration slice too, as the baseline did."""
    table, scores = case.pooled_later, runs[0].scores
    rows = np.flatnonzero(table.index.get_level_values("as_of") < case.borders.test_from)
    y_true = labels_of(table.index.get_level_values("wallet"), case.labels)
    values = []
    for seed in range(len(runs)):
        names = runs[seed].model.feature_names
        estimator = estimator_class("lightgbm")(names, seed=seed, parameters={})
        early = Inputs(table[list(names)].to_numpy()[rows])
        estimator.fit(early, y_true[rows], wallet_weights(table, rows))
        late = Inputs(case.table.loc[scores.index, list(names)].to_numpy())
        values.append(average_precision(scores["y_true"].to_numpy(), estimator.log_odds(late)))
    name = f"k={case.first} lightgbm scale_free, calibration slice learnt too PR-AUC"
    return Measure(name, float(np.mean(values)), "", min(values), max(values))


def shuffled(case: Case, seeds: range) -> Measure:
    """PR-AUC after the training wallets have swapped labels: near the prevalence, or it leaks."""
    values = []
    for seed in seeds:
        config = TrainConfig(
            model="lightgbm", base_rate=protocol.BASE_RATE, seed=seed, columns="scale_free"
        )
        values.append(label_shuffle(case.pooled, case.labels, case.borders, config))
    name = f"k={case.first} label shuffle PR-AUC"
    return Measure(name, float(np.mean(values)), "", min(values), max(values))


def newcomers(case: Case, runs: list[Trained]) -> Iterator[Measure]:
    """PR-AUC on test wallets that did not exist when training ended."""
    scores = runs[0].scores
    wallets = scores.index.get_level_values("wallet")
    new = protocol.born_after(case.ledger, wallets, case.borders.test_from)
    y_true = scores["y_true"].to_numpy(np.int8)[new]
    yield Measure(f"k={case.first} wallets born after the split", float(new.sum()), "")
    yield Measure(f"k={case.first} their prevalence", float(y_true.mean()), "")
    values = [average_precision(y_true, run.scores["probability"].to_numpy()[new]) for run in runs]
    name = f"k={case.first} their lightgbm scale_free PR-AUC"
    yield Measure(name, float(np.mean(values)), "", min(values), max(values))


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


def calibration_figure(models: dict[str, Trained]) -> Figure:
    """Said against seen probability for every k."""
    figure = Figure(figsize=(5, 4.5), layout="constrained")
    axes = figure.subplots()
    for first, trained in models.items():
        scores = trained.scores
        curve = calibration_curve(
            scores["y_true"].to_numpy(np.int8), scores["probability_as_labelled"].to_numpy()
        )
        axes.plot(curve["said"], curve["seen"], marker="o", label=f"k={first}")
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":", label="perfect")
    axes.set_xlabel("probability said, at the calibration slice's prevalence")
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
    models: dict[str, Trained] = {}
    with tempfile.TemporaryDirectory() as work:
        for case in cases(Path(work), names):
            found, runs = measure(case, seeds)
            measures += found
            models[case.first] = runs["lightgbm scale_free"][0]
            for one in found:
                print(f"  {one.name}: {one.value:.4f}", flush=True)
    if arguments.model is not None:
        models["5"].model.save(arguments.model)
    if not arguments.quick:
        command = "python experiments/0001-real-ethereum/run.py"
        every = write_result(HERE / "result.json", measures, command=command, seeds=seeds)
        fill_readme(HERE / "README.md", every)
        growth_figure(measures, names).savefig(HERE / "growth.png", dpi=130)
        calibration_figure(models).savefig(HERE / "calibration.png", dpi=130)


if __name__ == "__main__":
    main()
