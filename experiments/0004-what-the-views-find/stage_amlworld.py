"""Planted typologies of IBM AMLworld: which of them each pattern's own columns find.

The licit rows are two for each laundering row where the world has a thousand, so a flag rate here
is no detection rate there: it says whether a column sees the shape it is named after.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.common import arms
from experiments.common.amlworld import (
    BUDGET,
    SMALLEST,
    World,
    evidence,
    flags_of,
    found_shares,
    read_world,
    share,
    sizes,
)
from experiments.common.results import Measure
from features import feature_table

OWN = {
    "FAN-IN": "patterns_fan_in",
    "FAN-OUT": "patterns_fan_out",
    "CYCLE": "patterns_cycle",
    "SCATTER-GATHER": "patterns_scatter_gather",
    "GATHER-SCATTER": "patterns_gather_scatter",
    "BIPARTITE": "patterns_bipartite",  # these columns are gone: see experiment 0007
    "STACK": "patterns_stack",
    "RANDOM": "layering_depth",
}
SHAPES = ("layering", "patterns")
SIZES = ("coverage_in_count", "coverage_out_count")  # how busy a wallet is: the baseline
LONGEST = 6  # transfers of the longest cycle that the columns mean


def measure(folder: Path) -> tuple[list[Measure], pd.DataFrame]:
    """All figures of the stage, and for the figure one row a typology."""
    world = read_world(folder)
    as_of = arms.end_of(world.ledger)
    spine = pd.DataFrame({"wallet": world.wallets, "as_of": as_of})
    table = feature_table(world.ledger, spine, views=arms.views_named(("coverage", *SHAPES)))
    names = arms.column_names(SHAPES, scale_free=True)
    every, every_rate = flags_of(table, evidence(names), world.licit_only)
    busy, busy_rate = flags_of(table, list(SIZES), world.licit_only)
    large = sizes(world)
    found = [
        Measure("amlworld: wallets", float(len(world.wallets)), ""),
        Measure("amlworld: wallets of licit rows only", float(world.licit_only.sum()), ""),
        Measure("amlworld: licit-only wallets flagged by any shape", every_rate, "", target=BUDGET),
        Measure("amlworld: licit-only wallets flagged as busiest", busy_rate, "", target=BUDGET),
    ]
    rows = []
    for typology, start in OWN.items():
        attempts = large.index[large["typology"] == typology]
        own, rate = flags_of(table, evidence(names, start), world.licit_only)
        by_own, by_every, by_size = (
            found_shares(world, flags, attempts) for flags in (own, every, busy)
        )
        at = f"amlworld {typology.lower()}:"
        measures = [
            share(f"{at} a wallet flagged by its own columns", by_own["one"]),
            share(f"{at} half its wallets flagged by its own columns", by_own["half"]),
            share(f"{at} a wallet flagged by any shape", by_every["one"]),
            share(f"{at} half its wallets flagged by any shape", by_every["half"]),
            share(f"{at} a wallet flagged as busiest", by_size["one"]),
        ]
        chance = chance_share(world, attempts, BUDGET)
        found += [
            Measure(f"{at} attempts of {SMALLEST} transfers and more", float(len(attempts)), ""),
            Measure(f"{at} licit-only wallets flagged by its own columns", rate, "", target=BUDGET),
            *measures,
            Measure(f"{at} a wallet flagged if 1 % were drawn by lot", chance, ""),
        ]
        if typology == "CYCLE":
            found += cycles_by_length(world, by_own["half"])
        rows.append((typology, *(one.value for one in measures), chance))
    found += shapes_of_attempts(world)
    heads = ["typology", "one", "half", "any one", "any half", "busy", "chance"]
    return found, pd.DataFrame(rows, columns=heads)


def cycles_by_length(world: World, found: pd.Series) -> Iterator[Measure]:
    """Cycles found among those that the columns mean, and among the others."""
    parts = dict(iter(world.transfers.groupby("attempt")))
    short = pd.Series([len(parts[one]) <= LONGEST for one in found.index], index=found.index)
    closing = pd.Series([_closes(parts[one]) for one in found.index], index=found.index)
    at = "amlworld cycle: half its wallets flagged,"
    for what, some in (
        (f"of {LONGEST} transfers and fewer, closing in time", short & closing),
        (f"of {LONGEST} transfers and fewer, not closing in time", short & ~closing),
        (f"of more than {LONGEST} transfers", ~short),
    ):
        yield share(f"{at} {int(some.sum())} attempts {what}", found[some])


def chance_share(world: World, attempts: pd.Index, rate: float) -> float:
    """Share of attempts of which flags at random, at this rate, would hit a wallet."""
    wallets = world.planted[world.planted["attempt"].isin(attempts)].groupby("attempt").size()
    return float((1 - (1 - rate) ** wallets).mean())


def shapes_of_attempts(world: World) -> Iterator[Measure]:
    """What the planted attempts are made of: why some can not be found."""
    rows = world.transfers[world.transfers["attempt"].isin(sizes(world).index)]
    parts: dict[str, list[pd.DataFrame]] = {}
    for (typology, _), part in rows.groupby(["typology", "attempt"]):
        parts.setdefault(str(typology), []).append(part)
    for typology, what, holds in (
        ("BIPARTITE", "attempts in which no wallet has two counterparties", _is_matching),
        ("STACK", "attempts of chains of two transfers only", _chains_of_two),
        ("CYCLE", f"attempts of more than {LONGEST} transfers", lambda part: len(part) > LONGEST),
        ("CYCLE", "attempts that close in order of time", _closes),
    ):
        found = pd.Series([holds(part) for part in parts[typology]])
        yield share(f"amlworld {typology.lower()}: {what}", found)
    for typology, some in parts.items():
        days = [_days(part) for part in some]
        name = f"amlworld {typology.lower()}: first to last transfer, median and extremes"
        yield Measure(name, float(np.median(days)), "d", min(days), max(days))


def _days(part: pd.DataFrame) -> float:
    return float((part["timestamp"].max() - part["timestamp"].min()) / pd.Timedelta(1, "D"))


def _is_matching(part: pd.DataFrame) -> bool:
    return part["sender"].is_unique and part["recipient"].is_unique


def _chains_of_two(part: pd.DataFrame) -> bool:
    """No wallet sends or receives twice, and what a recipient sends on is sent on no further."""
    if not _is_matching(part):
        return False
    onward = dict(zip(part["sender"], part["recipient"], strict=True))
    return all(onward.get(onward[start], "") not in onward for start in onward)


def _closes(part: pd.DataFrame) -> bool:
    """Each transfer goes on from the recipient of the one before, back to the first sender."""
    ordered = part.sort_values("timestamp", kind="stable")
    senders, recipients = ordered["sender"].tolist(), ordered["recipient"].tolist()
    return bool(senders[1:] == recipients[:-1] and recipients[-1] == senders[0])


def figure(rows: pd.DataFrame) -> Figure:
    """Share of attempts found, by typology."""
    picture = Figure(figsize=(8, 4.2), layout="constrained")
    axes = picture.subplots()
    at = np.arange(len(rows))
    bars = {
        "one": ("a wallet flagged by its own columns", "tab:blue", -0.3),
        "half": ("half its wallets, own columns", "tab:cyan", -0.1),
        "any one": ("a wallet flagged by any shape", "tab:orange", 0.1),
        "any half": ("half its wallets, any shape", "moccasin", 0.3),
    }
    for name, (label, colour, shift) in bars.items():
        axes.bar(at + shift, rows[name], width=0.2, label=label, color=colour)
    axes.plot(at, rows["busy"], "k_", markersize=28, label="a wallet flagged as one of the busiest")
    axes.plot(at, rows["chance"], "r_", markersize=28, label="a wallet flagged by lot, 1 %")
    axes.set_xticks(at, [name.lower().replace("-", "-\n") for name in rows["typology"]])
    axes.set_ylabel("share of planted attempts")
    axes.set_ylim(0, 1.02)
    axes.grid(axis="y", alpha=0.3)
    axes.legend(
        fontsize=8, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0), frameon=False,
        markerscale=0.5,
    )  # fmt: skip
    return picture
