"""Can others frame a wallet, can its owner hide it? See README.md."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import hops  # noqa: E402 - the repository must be importable first
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import report  # noqa: E402
from cases import DEMO, DEMO_LABELS, Case, cases, sample  # noqa: E402

from experiments.common.results import Measure, commit, fill_readme, write_result  # noqa: E402
from training.attacks import ATTACKS, Attack, evaluate_attacks, victims_of  # noqa: E402
from training.attacks.declared import SHARES, dust  # noqa: E402
from training.metrics import average_precision, bootstrap_intervals  # noqa: E402

BEFORE, BEFORE_ROWS = HERE / "before.json", HERE / "before.parquet"
RESULT, README = HERE / "result.json", HERE / "README.md"
VICTIMS, TRANSFERS, LEAST = 100, 20_000, 5  # sampled; made in all by an attack; victims at least
# on every victim: what the issue of dust promises
ACCEPTED = (dust(3, None), dust(100, None), dust(100, SHARES[0]), dust(100, SHARES[0], known=True))


def attacks_on(case: Case, *, quick: bool) -> tuple[Attack, ...]:
    """Which attacks are tried on a case; where labels are read, those that need them."""
    if quick:
        return tuple(one for one in ATTACKS if one.transfers <= 10)
    if case.name == DEMO_LABELS:
        return tuple(one for one in ATTACKS if one.reads == "bad")
    return ATTACKS


def attacked(case: Case, *, quick: bool) -> Iterator[pd.DataFrame]:
    """A frame of rows a goal: framing and hiding."""
    victims = victims_of(case.model, case.scores)
    for goal, spine in (("framing", victims.low), ("hiding", victims.caught)):
        begin = time.perf_counter()
        every = ACCEPTED[:1] if quick else ACCEPTED
        rest = [
            one
            for one in attacks_on(case, quick=quick)
            if (one.name, one.size) not in {(other.name, other.size) for other in every}
            and (goal == "hiding" or one.by == "anyone")  # nobody frames himself
        ]
        parts = [_evaluated(case, spine, every)]
        for most in sorted({_most(one) for one in rest}, reverse=True):
            chosen = [one for one in rest if _most(one) == most]
            parts.append(_evaluated(case, sample(spine, 40 if quick else most), chosen))
        table = pd.concat(parts, ignore_index=True)
        seconds = time.perf_counter() - begin
        print(f"{case.name}, {goal}: {len(spine)} wallets, {seconds:.0f} s", flush=True)
        yield table.assign(case=case.name, goal=goal, wallets_of_case=len(spine))


def _most(attack: Attack) -> int:
    """How many victims an attack is tried on."""
    return min(VICTIMS, max(LEAST, TRANSFERS // attack.transfers))


def _evaluated(case: Case, spine: pd.DataFrame, chosen: Sequence[Attack]) -> pd.DataFrame:
    return evaluate_attacks(case.model, case.ledger, spine, labels=case.labels, attacks=chosen)


def areas(case: str, scores: pd.DataFrame) -> Measure:
    """PR-AUC of test rows, mean over seeds."""
    y_true, said = scores["y_true"].to_numpy(np.int8), _of_seeds(scores)
    value = float(np.mean([average_precision(y_true, one) for one in said]))
    return Measure(f"{case}: PR-AUC", value, "")


def paired(case: str, before: pd.DataFrame, now: pd.DataFrame) -> list[Measure]:
    """PR-AUC now less before, on the rows that both score, with a paired block bootstrap."""
    both = now.index.intersection(before.index, sort=False)
    y_true = now.loc[both, "y_true"].to_numpy(np.int8)
    pairs = list(zip(_of_seeds(now.loc[both]), _of_seeds(before.loc[both]), strict=True))

    def gain(weights: np.ndarray) -> dict[str, float]:
        gains = [
            average_precision(y_true, new, weights) - average_precision(y_true, old, weights)
            for new, old in pairs
        ]
        return {"value": float(np.mean(gains))}

    low, high = bootstrap_intervals(gain, y_true, both, seed=0)["value"]
    value = gain(np.ones(len(both)))["value"]
    return [
        Measure(f"{case}: PR-AUC, now less before", value, "", low, high),
        Measure(f"{case}: PR-AUC, upper end of that", high, "", target=0.0, at_least=True),
        Measure(f"{case}: test rows of both", float(len(both)), ""),
    ]  # fmt: skip


def _of_seeds(scores: pd.DataFrame) -> list[np.ndarray]:
    return [scores[name].to_numpy() for name in scores if str(name).isdecimal()]


def accepted(table: pd.DataFrame) -> list[Measure]:
    """Count the wallets that attacks which must do nothing move."""
    found = []
    for attack in ACCEPTED:
        mine = table[(table["attack"] == attack.name) & (table["size"] == attack.size)]
        for row in mine.to_dict("records"):
            moved = round((row["up"] + row["down"]) * row["victims"])
            whom = "low licit" if row["goal"] == "framing" else "caught illicit"
            name = f"{row['case']}: {attack.size} {attack.name}: {whom} wallets of another band"
            found.append(Measure(name, moved, f"of {row['victims']:,}", target=0))
    return found


def shares(table: pd.DataFrame) -> list[Measure]:
    """Every attack: the share that it moves where it wants to, with the exact interval."""
    found = []
    for row in table.to_dict("records"):
        way = "up" if row["goal"] == "framing" else "down"
        name = f"{row['case']}, {row['goal']}: {row['attack']}, {row['size']}: band {way}"
        if row["victims"]:
            low, high = row[f"{way}_low"], row[f"{way}_high"]
            found.append(Measure(name, row[way], "", low, high))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few wallets; nothing is written")
    parser.add_argument(
        "--before", action="store_true", help="keep as what later runs compare with"
    )
    arguments = parser.parse_args()
    tables, scores, measures = [], {}, []
    with tempfile.TemporaryDirectory() as work:
        for case in cases(Path(work), quick=arguments.quick):
            tables += list(attacked(case, quick=arguments.quick))
            scores[case.name] = case.scores
            if case.name in (DEMO, DEMO_LABELS) and (arguments.quick or case.name == DEMO_LABELS):
                honest = victims_of(case.model, case.scores).low
                measures += hops.measure(case.name, case.ledger, case.labels, honest)
    table = pd.concat(tables, ignore_index=True)
    measures += [*accepted(table), *(areas(name, one) for name, one in scores.items())]
    if arguments.quick:
        for one in [*measures, *shares(table)]:
            print(f"  {one.name}: {one.value:.4g} {one.unit}", flush=True)
    else:
        _keep(table, scores, measures, before=arguments.before)


def _keep(
    table: pd.DataFrame,
    scores: dict[str, pd.DataFrame],
    measures: list[Measure],
    *,
    before: bool,
) -> None:
    """Write everything; what was kept before is shown beside it."""
    if before:
        rows = json.loads(table.to_json(orient="records", double_precision=15))
        kept = {"commit": commit(HERE), "rows": rows}
        BEFORE.write_text(json.dumps(kept, indent=0) + "\n")
        pd.concat(scores, names=["case"]).to_parquet(BEFORE_ROWS)
    then = pd.DataFrame(json.loads(BEFORE.read_text())["rows"])
    if not before:
        held_rows = pd.read_parquet(BEFORE_ROWS)
        for name, now in scores.items():
            held = pd.DataFrame(held_rows.xs(name, level="case"))
            measures += paired(name, held, now)
    command = "python experiments/0005-attacks/framing.py" + " --before" * before
    write_result(RESULT, [*measures, *shares(table)], command=command, seeds=range(3))
    fill_readme(README, measures)
    report.fill_tables(README, then, None if before else table)
    report.figure(then, None if before else table).savefig(HERE / "framing.png", dpi=130)


if __name__ == "__main__":
    main()
