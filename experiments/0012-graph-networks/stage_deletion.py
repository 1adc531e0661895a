"""Do the transfers that are named move a score? Taken out, against as many others of the wallet.

Named are those that raise it most, and a score should fall without them: those that raise and those
that lower it would cancel. Others are drawn at random, or those of most value: what an analyst
would name without a model.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from network_case import Arm, Case
from stage_real import cases

from experiments.common import ethereum_phishing as protocol
from experiments.common.arms import Bools, Float64s
from experiments.common.results import Measure, SkippedError
from features.subgraphs import EDGE_COLUMNS
from training.fitting import learn
from training.models.graph_network import GraphEstimator
from training.networks.explaining.explanation import ranks_of
from training.networks.reading.source import GraphInputs

COUNTS = (1, 2, 4, 8)
WAYS = ("named", "of most value", "at random")
KINDS = ("graphsage", "gine")
SEEDS, DRAWS, RESAMPLED = range(3), 5, 200
FIRST = "30"  # as_of: right after the thirtieth transfer of a wallet, so that 16 are read
VALUE = EDGE_COLUMNS.index("edge_value_amount")


def measures(work: Path, *, quick: bool, kinds: tuple[str, ...]) -> list[Measure]:
    """All figures of the stage."""
    if not protocol.DATA.is_dir():
        raise SkippedError(f"needs the data set {protocol.DATA.name} (WALLETRISK_DATA)")
    (case,) = cases(work, (FIRST,))
    found: list[Measure] = []
    for kind in [kind for kind in KINDS if kind in kinds]:
        moved = [_fallen(case, kind, seed) for seed in (SEEDS[:1] if quick else SEEDS)]
        for count in COUNTS:
            for way in WAYS:
                rows = np.mean([one[way, count] for one in moved], axis=0)
                low, high = _interval(rows)
                at = f"deletion {kind}: {count} transfers {way}, log-odds fall by"
                found.append(Measure(at, float(rows.mean()), "", low, high))
            rows = np.mean([one["named", count] - one["at random", count] for one in moved], axis=0)
            low, high = _interval(rows)
            at = f"deletion {kind}: {count} transfers, named minus at random"
            found.append(Measure(at, float(rows.mean()), "", low, high, 0.0, at_least=True))
    return found


def _fallen(case: Case, kind: str, seed: int) -> dict[tuple[str, int], Float64s]:
    """By how much the log-odds of each test row fall, by way and count."""
    recipe, rows = case.recipe(Arm(kind), seed), case.rows
    sample = recipe.sample(rows.learnt, rows.y_true, rows.confidence)
    model = learn(recipe.new, sample, np.arange(len(rows.learnt)), recipe.config)
    inputs = recipe.inputs(rows.test).drawn()
    assert isinstance(model, GraphEstimator)
    assert isinstance(inputs, GraphInputs)
    told, drawn = inputs.told, inputs.around().subgraphs
    near = drawn.parent < drawn.n_rows
    generator = np.random.default_rng(seed)
    whole, found = model.log_odds(inputs), {}
    changes = whole[told.row] - model.explained(inputs).without

    def moved(key: Float64s, count: int) -> Float64s:
        order = np.lexsort((-key, told.row))
        gone = np.zeros(key.size, np.bool_)
        gone[order] = ranks_of(told.row) < count
        return whole - model.log_odds(_without(inputs, near, gone))

    ways: dict[str, tuple[int, Callable[[], Float64s]]] = {
        "named": (1, lambda: changes),
        "of most value": (1, lambda: drawn.values[near, VALUE]),
        "at random": (DRAWS, lambda: generator.random(changes.size)),
    }
    for way, (times, key) in ways.items():
        for count in COUNTS:
            found[way, count] = np.mean([moved(key(), count) for _ in range(times)], axis=0)
    return found


def _without(inputs: GraphInputs, near: Bools, gone: Bools) -> GraphInputs:
    """The rows without some of the wallets' own transfers, which are those ``near``."""
    around = inputs.around()
    drawn, left = around.subgraphs, ~near
    left[np.flatnonzero(near)[~gone]] = True
    kept = np.flatnonzero(left)
    fewer = drawn._replace(
        child=drawn.child[kept], parent=drawn.parent[kept], side=drawn.side[kept],
        transfer=drawn.transfer[kept], values=drawn.values[kept],
    )  # fmt: skip
    return replace(inputs, held=around._replace(subgraphs=fewer))


def _interval(rows: Float64s) -> tuple[float, float]:
    """Ends of the 95 % interval of a mean over rows, each of another wallet."""
    drawn = np.random.default_rng(0).integers(rows.size, size=(RESAMPLED, rows.size))
    low, high = np.percentile(rows[drawn].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def figures(found: list[Measure]) -> dict[str, Figure]:
    """The curves."""
    kinds = [
        kind for kind in KINDS if any(one.name.startswith(f"deletion {kind}") for one in found)
    ]
    figure = Figure(figsize=(4.5 * len(kinds), 3.6), layout="constrained")
    by_name = {one.name: one for one in found}
    for axes, kind in zip(np.atleast_1d(figure.subplots(1, len(kinds))), kinds, strict=True):
        for way in WAYS:
            mine = [
                by_name[f"deletion {kind}: {count} transfers {way}, log-odds fall by"]
                for count in COUNTS
            ]
            values = [one.value for one in mine]
            ends = np.abs([[one.low or 0, one.high or 0] for one in mine] - np.array([values]).T)
            axes.errorbar(COUNTS, values, ends.T, marker="o", capsize=3, label=way)
        axes.set_title(kind, fontsize=10)
        axes.set_xlabel("transfers taken out")
        axes.set_xscale("log", base=2)
        axes.set_xticks(COUNTS, [str(count) for count in COUNTS])
    figure.axes[0].set_ylabel("mean fall of the log-odds")
    figure.axes[0].legend()
    return {"deletion.png": figure}
