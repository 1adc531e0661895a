"""What the views of flows are worth on data of others: left out, and alone.

Ethereum phishing by the protocol of experiment 0001, the simulated bank and the planted typologies
of experiment 0004. Exposure knows the labels of the training wallets only.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from flow_views import flows, left_out_and_alone
from matplotlib.figure import Figure

from experiments.common import amlsim_bank, amlworld, arms
from experiments.common import ethereum_phishing as protocol
from experiments.common.ethereum_arms import measure_arms, read_case, tables
from experiments.common.results import Measure
from features import feature_table
from training.metrics import average_precision


def ethereum(work: Path, seeds: range, firsts: tuple[str, ...]) -> Iterator[Measure]:
    """Real phishing wallets after their k-th transfer; intervals are a block bootstrap's."""
    ledger, labels = protocol.ingest(work), protocol.read_labels()
    found = tables(ledger, labels)
    for first in firsts:
        case = read_case(ledger, labels, found, first)
        yield from measure_arms(case, left_out_and_alone(scale_free=True), "all views", seeds)


def amlsim(folder: Path, seeds: range, names: tuple[str, ...]) -> Iterator[Measure]:
    """Accounts of the simulated bank, all columns; intervals are the extremes of the splits."""
    for name in names:
        bank = amlsim_bank.read_bank(folder, name)
        values: dict[str, list[float]] = {}
        for seed in seeds:
            test = amlsim_bank.test_rows(bank, seed)
            table = pd.concat([bank.table, bank.exposure(bank.labels[~test])], axis=1)
            for arm, columns in left_out_and_alone(scale_free=False).items():
                scores = arms.fitted_scores(
                    table[~test], bank.y_true[~test], table[test], columns, seed=seed
                )
                values.setdefault(arm, []).append(average_precision(bank.y_true[test], scores))
        at = f"amlsim {name}:"
        yield Measure(f"{at} prevalence", float(bank.y_true.mean()), "")
        for arm, some in values.items():
            yield arms.over_seeds(f"{at} {arm} PR-AUC", some)
            if arm.startswith("without"):
                lost = np.subtract(some, values["all views"]).tolist()
                yield arms.over_seeds(f"{at} {arm}, against all views PR-AUC", lost)


def typologies(folder: Path) -> Iterator[Measure]:
    """Planted attempts of which a view of flows flags a wallet, at 1 % of licit-only wallets."""
    world = amlworld.read_world(folder)
    spine = pd.DataFrame({"wallet": world.wallets, "as_of": arms.end_of(world.ledger)})
    shown = tuple(name for name in (*flows(), "patterns") if name not in arms.LABELS)
    table = feature_table(world.ledger, spine, views=arms.views_named(shown))
    large = amlworld.sizes(world)
    for name in shown:
        columns = amlworld.evidence(arms.column_names((name,), scale_free=True))
        flags, rate = amlworld.flags_of(table, columns, world.licit_only)
        yield Measure(
            f"amlworld: licit-only wallets flagged by {name}", rate, "", target=amlworld.BUDGET
        )
        for typology in sorted(large["typology"].unique()):
            attempts = large.index[large["typology"] == typology]
            found = amlworld.found_shares(world, flags, attempts)
            at = f"amlworld {typology.lower()}:"
            yield amlworld.share(f"{at} a wallet flagged by {name}", found["one"])
            yield amlworld.share(f"{at} half its wallets flagged by {name}", found["half"])
    yield from disjoint(world, large)


def disjoint(world: amlworld.World, large: pd.DataFrame) -> Iterator[Measure]:
    """What "bipartite" and "stack" are in the file: how their transfers hang together."""
    for typology in ("BIPARTITE", "STACK"):
        attempts = large.index[large["typology"] == typology]
        rows = world.transfers[world.transfers["attempt"].isin(attempts)]
        links = rows.merge(
            rows, left_on=["attempt", "recipient"], right_on=["attempt", "sender"],
            suffixes=("", "_next"),
        )  # fmt: skip
        at = f"amlworld {typology.lower()}:"
        yield Measure(f"{at} transfers that another goes on from", len(links) / len(rows), "")
        busy = pd.concat([rows.groupby(["attempt", end]).size() for end in ("sender", "recipient")])
        yield Measure(f"{at} ends that occur more than once", float((busy > 1).mean()), "")
        if len(links):
            rest = (links["timestamp_next"] - links["timestamp"]).dt.total_seconds() / 86_400
            low, middle, high = np.quantile(rest, [0.05, 0.5, 0.95]).tolist()
            yield Measure(
                f"{at} rest between the two, median and 5 to 95 %", middle, "d", low, high
            )


def figure(measures: list[Measure], firsts: tuple[str, ...], banks: tuple[str, ...]) -> Figure:
    """What is lost without each view, and what each knows alone, on every set."""
    by_name = {measure.name: measure for measure in measures}
    sets = [*(f"ethereum k={first}:" for first in firsts), *(f"amlsim {name}:" for name in banks)]
    lost = [*flows(), "near-equal depth", "flows"]
    picture = Figure(figsize=(10, 4), layout="constrained")
    left, right = picture.subplots(1, 2)
    for place, at in enumerate(sets):
        shift = (place - (len(sets) - 1) / 2) * 0.12
        pairs = (
            (left, [by_name[f"{at} without {one}, against all views PR-AUC"] for one in lost]),
            (right, [by_name[f"{at} {one} alone PR-AUC"] for one in flows()]),
        )
        for axes, some in pairs:
            values = [one.value for one in some]
            bounds = [[one.value - (one.low or 0.0) for one in some],
                      [(one.high or 0.0) - one.value for one in some]]  # fmt: skip
            axes.errorbar(
                values, np.arange(len(some)) + shift, xerr=np.maximum(bounds, 0), fmt="o",
                capsize=2, markersize=4, label=at.rstrip(":"),
            )  # fmt: skip
    left.axvline(0, color="grey", linewidth=1)
    for axes, names in ((left, lost), (right, flows())):
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.grid(alpha=0.3)
    left.set_xlabel("PR-AUC without, minus with all views")
    right.set_xlabel("PR-AUC alone")
    handles = right.get_legend_handles_labels()
    picture.legend(*handles, fontsize=8, ncols=len(sets), loc="outside lower center")
    return picture
