"""The agents of synthfin-aml: a random split by account, and one in time."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from network_arms import TREES, arms_of, measured, over_worlds, pairs_of, run_pairs, runs_of
from network_case import LABEL_FREE, Arm, Case, known_from_first_row, split_by_wallet
from network_figures import bars

from experiments.common.arms import Bools, Int8s
from experiments.common.results import Measure, SkippedError
from experiments.common.synthfin import START, Agents, MissingError, simulate
from features import feature_table

SEEDS = range(42, 47)
SIZES, QUICK_SIZES = (10_000, 100_000), (2_000,)
TEST_SHARE = 0.2
SPLITS = ("random", "in time")
ASKED = (0.3, 0.7)  # share of the period in which an account to learn from is asked about
AIM = 0.93
# of as many rows a fit at its defaults takes most of an hour; of 10,000 agents as good as those
LARGE, NARROW = 100_000, {"first_fan": 8, "second_fan": 4, "epochs": 20, "patience": 3}
CONTROLS = (", no edges",)  # of networks on as many rows


def held_out(y_true: Int8s, seed: int) -> Bools:
    """A fifth of the accounts of either class, by lot."""
    generator = np.random.default_rng(seed)
    test = np.zeros(len(y_true), bool)
    for label in (0, 1):
        some = generator.permutation(np.flatnonzero(y_true == label))
        test[some[: round(TEST_SHARE * len(some))]] = True
    return test


def spine_of(agents: Agents, test: Bools, split: str, seed: int) -> pd.DataFrame:
    """When each account is asked about.

    At the end, or in time: those that are learnt from in the middle of the period, each at an
    instant of its own, and the others at the end.
    """
    as_of = pd.Series([agents.end] * len(test)).astype("datetime64[us, UTC]")
    if split == "in time":
        whole = (agents.end - START).value // 1000
        at = np.random.default_rng(seed).uniform(*ASKED, int((~test).sum())) * whole
        as_of[~test] = START.as_unit("us") + pd.to_timedelta(at.astype(np.int64), unit="us")
    return pd.DataFrame({"wallet": agents.labels["wallet"].to_numpy(), "as_of": as_of})


def case_of(agents: Agents, size: int, split: str, seed: int) -> Case:
    """One split of one simulation."""
    y_true = (agents.labels["label"] == "illicit").to_numpy().astype(np.int8)
    test = held_out(y_true, seed)
    rows = split_by_wallet(y_true, test)
    table = feature_table(agents.ledger, spine_of(agents, test, split, seed), views=LABEL_FREE)
    known = agents.labels[~test]
    if split == "in time":
        known = known_from_first_row(agents.labels, table, rows.learnt, pd.Timedelta(0))
    name = f"agents {size:,} {split}"
    return Case(name, agents.ledger, agents.labels, known, table, rows)


def measures(
    work: Path, *, quick: bool, kinds: tuple[str, ...], ends: tuple[str, ...]
) -> list[Measure]:
    """All figures of the stage, of cases whose names end so."""
    seeds = SEEDS[:1] if quick else SEEDS
    found: list[Measure] = []
    for size in QUICK_SIZES if quick else SIZES:
        splits = [split for split in SPLITS if f"agents {size:,} {split}".endswith(ends)]
        try:
            worlds = [simulate(seed, size) for seed in seeds if splits]
        except MissingError as error:
            raise SkippedError(f"needs a package: {error}") from error
        for split in splits:
            found += of_split(worlds, size, split, kinds, work)
        found += [acting(worlds, size)] if splits else []
    return found


def acting(worlds: list[Agents], size: int) -> Measure:
    """How many of those called fraud ever are in a transfer of fraud, by world."""
    illicit = [(world.labels["label"] == "illicit").to_numpy() for world in worlds]
    acted = [float(one.acted[some].mean()) for one, some in zip(worlds, illicit, strict=True)]
    at = f"agents {size:,} illicit accounts that are in a transfer marked as fraud"
    return Measure(at, float(np.mean(acted)), "", min(acted), max(acted))


def arms_at(kinds: tuple[str, ...], size: int) -> dict[str, Arm]:
    """All arms; on many rows of networks fewer, which read fewer transfers of a node."""
    found = arms_of(kinds, "all")
    if size < LARGE:
        return found
    wanted = {kind + control for kind in kinds for control in ("", *CONTROLS)}
    return {
        name: replace(arm, parameters={**NARROW, **(arm.parameters or {})})
        if name in wanted else arm
        for name, arm in found.items() if arm.kind == TREES or name in wanted
    }  # fmt: skip


def of_split(
    worlds: list[Agents], size: int, split: str, kinds: tuple[str, ...], work: Path
) -> list[Measure]:
    """Figures of one split of all worlds."""
    seeds = SEEDS[: len(worlds)]
    cases = [case_of(world, size, split, seed) for world, seed in zip(worlds, seeds, strict=True)]
    at = cases[0].name
    runs = runs_of(cases, arms_at(kinds, size), seeds, work)
    pairs = run_pairs(pairs_of(kinds), runs)
    targets = dict.fromkeys((TREES, *kinds), AIM) if split == "random" else {}
    return [
        *cases[0].sizes(), *measured(at, runs, pairs, targets), *over_worlds(at, runs, pairs)
    ]  # fmt: skip


def figures(found: list[Measure]) -> dict[str, Figure]:
    """All arms of every case."""
    ats = [f"agents {size:,} {split}" for size in SIZES for split in SPLITS]
    return bars("agents.png", found, ats)
