"""Arms side by side: the trees' best, networks with their controls, and paired intervals."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
from network_case import Arm, Case, Scored, Told

from experiments.common.arms import Float64s, Int64s
from experiments.common.results import Measure, commit
from training.metrics import average_precision, time_blocks
from training.models.kinds import estimator_class

TREES = "lightgbm"
PLAIN_TREES = "lightgbm without labels around"
SINGLE = "best single feature"
SHUFFLE = "label shuffle"
WITH_TREES = ("blend", "hybrid")
NO_EDGES: Mapping[str, object] = {"first_fan": 0}
ROW_ALONE: Mapping[str, object] = {"first_fan": 0, "steps": 0, "labels": False}
DRAWS = 200
Runs = Mapping[str, Sequence[Scored]]


def trees(columns: str | tuple[str, ...], told: Told) -> dict[str, Arm]:
    """The trees' best, what they are without labels around, and the alarm for leaks."""
    best = Arm("lightgbm", columns, told)
    found = {TREES: best, f"{TREES}, {SHUFFLE}": replace(best, mixed=True)}
    if told != "nothing":
        found[PLAIN_TREES] = replace(best, told="nothing")
        found[f"{TREES}, permuted labels"] = replace(best, told="permuted")
    return found


def network(kind: str, columns: str | tuple[str, ...], told: Told) -> dict[str, Arm]:
    """A network and its controls."""
    whole = Arm(kind, columns, told)
    known = estimator_class(kind).defaults
    alone = {name: value for name, value in ROW_ALONE.items() if name in known}
    found = {
        kind: whole,
        f"{kind}, no edges": replace(whole, parameters=NO_EDGES),
        f"{kind}, perceptron": replace(whole, parameters=alone, told="nothing"),
        f"{kind}, shuffled edges": replace(whole, shuffled=True),
        f"{kind}, {SHUFFLE}": replace(whole, mixed=True),
    }
    if told != "nothing":
        found[f"{kind} without labels around"] = replace(whole, told="nothing")
        found[f"{kind}, permuted labels"] = replace(whole, told="permuted")
    return found


def with_trees(kind: str, columns: str | tuple[str, ...], told: Told) -> dict[str, Arm]:
    """Trees and networks in one model; a fit teaches several: edges alone are controlled."""
    whole = Arm(kind, columns, told)
    of = estimator_class(kind).defaults["network"]
    return {kind: whole, f"{kind}, no edges": replace(whole, parameters={"of": {of: NO_EDGES}})}


def arms_of(
    kinds: Iterable[str], columns: str | tuple[str, ...], told: Told = "known"
) -> dict[str, Arm]:
    """All arms of a case that may read so many labels around."""
    found = trees(columns, told)
    for kind in kinds:
        found |= (with_trees if kind in WITH_TREES else network)(kind, columns, told)
    return found


def kinds_of(arms: Mapping[str, Arm]) -> list[str]:
    """Networks among arms, whole ones."""
    other = (TREES, *WITH_TREES)
    return [name for name, arm in arms.items() if name == arm.kind and name not in other]


def mean_of(one: str, two: str) -> str:
    """Name of the arm that adds the log-odds of two."""
    return f"{one} and {two}, mean"


def pairs_of(kinds: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Differences that are asked for, by what they are called."""
    against = (TREES, PLAIN_TREES, "no edges", "shuffled edges", "permuted labels")
    found = {
        f"{TREES} minus {PLAIN_TREES}": (TREES, PLAIN_TREES),
        f"{TREES} minus permuted labels": (TREES, f"{TREES}, permuted labels"),
    }
    for kind in kinds:
        for other in against[:3] if kind in WITH_TREES else against:
            whole = other if other in (TREES, PLAIN_TREES) else f"{kind}, {other}"
            found[f"{kind} minus {other}"] = (kind, whole)
        if kind not in WITH_TREES:
            bare, mean = f"{kind} without labels around", mean_of(TREES, kind)
            found[f"{bare} minus {PLAIN_TREES}"] = (bare, PLAIN_TREES)
            found[f"{mean} minus {TREES}"] = (mean, TREES)
    return found


def run_pairs(pairs: Mapping[str, tuple[str, str]], runs: Runs) -> dict[str, tuple[str, str]]:
    """Those of which both arms were run: some cases leave controls out."""
    return {name: pair for name, pair in pairs.items() if set(pair) <= set(runs)}


def runs_of(
    cases: Sequence[Case], arms: Mapping[str, Arm], seeds: Sequence[int], work: Path
) -> Runs:
    """Scores of every arm; one case a seed, or the same case for all.

    What the working folder holds of this commit is not learnt again, so that a run goes on where it
    was stopped.
    """
    worlds = cases if len(cases) > 1 else [cases[0]] * len(seeds)
    found: dict[str, list[Scored]] = {name: [] for name in arms}
    for case, seed in zip(worlds, seeds, strict=True):
        for name, arm in arms.items():
            found[name].append(scored_once(case, arm, seed, work))
            one = found[name][-1]
            area = average_precision(one.y_true, one.scores)
            print(f"{case.name} seed {seed}: {name} {area:.4f}, {one.fit_s:.1f} s", flush=True)
    for kind in kinds_of(arms):
        found[mean_of(TREES, kind)] = [
            replace(one, scores=(one.scores + two.scores) / 2, fit_s=one.fit_s + two.fit_s,
                    score_ms=one.score_ms + two.score_ms)
            for one, two in zip(found[TREES], found[kind], strict=True)
        ]  # fmt: skip
    columns = next(iter(arms.values())).columns
    found[SINGLE] = [case.single_feature(columns)[1] for case in worlds]
    return found


def scored_once(case: Case, arm: Arm, seed: int, work: Path) -> Scored:
    """Scores that are in the working folder, or learn and put them there.

    Code that differs from its commit is run every time.
    """
    code = commit(Path(__file__).parent)
    if code.endswith("+changes"):
        return case.scored(arm, seed)
    rows = int(pd.util.hash_pandas_object(case.table.index.to_frame(index=False)).sum())
    told = f"{code} {case.name} {rows} {arm} {seed}"
    file = work / "scores" / f"{sha256(told.encode()).hexdigest()[:24]}.npz"
    if not file.exists():
        found = case.scored(arm, seed)
        file.parent.mkdir(exist_ok=True)
        part = file.with_suffix(".part.npz")
        np.savez(part, scores=found.scores, cost=[found.fit_s, found.score_ms])
        part.replace(file)
        return found
    test = case.rows.test
    with np.load(file) as held:
        fit_s, score_ms = held["cost"].tolist()
        return Scored(
            case.rows.y_true[test], held["scores"], case.table.index[test], fit_s, score_ms
        )  # fmt: skip


def pr_auc(runs: Runs, weights: Sequence[Float64s | None]) -> dict[str, float]:
    """PR-AUC of every arm, mean over its seeds, with rows of each seed weighed."""
    return {
        name: float(
            np.mean(
                [
                    average_precision(one.y_true, one.scores, each)
                    for one, each in zip(some, weights, strict=True)
                ]
            )
        )
        for name, some in runs.items()
    }


def draw(one: Scored, blocks: Int64s, generator: np.random.Generator) -> Float64s:
    """How often each row is drawn: blocks with replacement, until both classes are there."""
    count = int(blocks.max()) + 1
    while True:
        drawn = np.bincount(generator.integers(count, size=count), minlength=count)
        weights = drawn[blocks].astype(np.float64)
        if 0 < weights @ one.y_true < weights.sum():
            return weights


def intervals(
    runs: Runs, pairs: Mapping[str, tuple[str, str]], *, draws: int = DRAWS
) -> dict[str, tuple[float, float, float]]:
    """Value, low and high of every arm and of every difference, on the same draws.

    Seeds that share their test rows share the draws; seeds with a world of their own are drawn
    apart. Blocks are those of :func:`training.metrics.bootstrap_intervals`: whole wallets in time.
    """
    first = next(iter(runs.values()))
    shared = all(one.index.equals(first[0].index) for one in first)
    blocks = [time_blocks(one.index) for one in (first[:1] if shared else first)]
    generator = np.random.default_rng(0)

    def values(weights: Sequence[Float64s | None]) -> dict[str, float]:
        found = pr_auc(runs, weights)
        return found | {name: found[one] - found[two] for name, (one, two) in pairs.items()}

    drawn = []
    for _ in range(draws):
        weights = [draw(one, each, generator) for one, each in zip(first, blocks, strict=False)]
        drawn.append(values(weights * len(first) if shared else weights))
    low, high = np.percentile(pd.DataFrame(drawn).to_numpy(), [2.5, 97.5], axis=0)
    whole = values([None] * len(first))
    return {
        name: (value, float(low[place]), float(high[place]))
        for place, (name, value) in enumerate(whole.items())
    }


def measured(
    at: str, runs: Runs, pairs: Mapping[str, tuple[str, str]], targets: Mapping[str, float]
) -> Iterator[Measure]:
    """PR-AUC of every arm and difference, and what an arm costs."""
    for name, (value, low, high) in intervals(runs, pairs).items():
        target = targets.get(name)
        yield Measure(f"{at} {name} PR-AUC", value, "", low, high, target, at_least=True)
    for name, some in runs.items():
        if some[0].fit_s and SHUFFLE not in name:
            for what, values, unit in (
                ("learns in", [one.fit_s for one in some], "s"),
                ("scores a row in", [one.score_ms for one in some], "ms"),
            ):
                yield Measure(
                    f"{at} {name} {what}", float(np.median(values)), unit, min(values), max(values)
                )


def over_worlds(at: str, runs: Runs, pairs: Mapping[str, tuple[str, str]]) -> Iterator[Measure]:
    """Differences between arms by world: mean, least and greatest."""
    area = {
        name: [average_precision(one.y_true, one.scores) for one in some]
        for name, some in runs.items()
    }
    for name, (one, two) in pairs.items():
        gained = np.subtract(area[one], area[two])
        yield Measure(
            f"{at} {name}, least and greatest of worlds", float(gained.mean()), "",
            float(gained.min()), float(gained.max()),
        )  # fmt: skip
