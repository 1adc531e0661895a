"""Compare what two revisions compute; see README.md."""

import argparse
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

from experiments.common.processes import run_script  # noqa: E402 - the repository comes first
from experiments.common.results import Measure, run_stages, summary  # noqa: E402
from experiments.common.synthetic import Sizes, generate, labels, write  # noqa: E402

SEED = 20261127
BEFORE = "7308166"  # the release before the rooms
SLOWER = 1.05  # ratio of medians that two runs of the same code may show here
RESULT = HERE / "result.json"


def main() -> None:
    """Run the stages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", default=BEFORE, help="revision to compare with")
    parser.add_argument("--stage", choices=("bits", "speed"), action="append", help="default: both")
    parser.add_argument("--quick", action="store_true", help="tiny sizes; nothing to quote")
    parser.add_argument("--result", type=Path, help="default: beside this file; none with --quick")
    arguments = parser.parse_args()
    result = arguments.result or (None if arguments.quick else RESULT)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        trees = {"before": work / "before", "now": ROOT}
        subprocess.run(["git", "clone", "-q", str(ROOT), str(trees["before"])], check=True)
        subprocess.run(
            ["git", "checkout", "-q", arguments.against], cwd=trees["before"], check=True
        )
        stages = {
            "bits": partial(bits, trees, work),
            "speed": partial(speed, trees, work, quick=arguments.quick),
        }
        run_stages(
            arguments.stage or list(stages), lambda name: stages[name](), folder=HERE,
            result=result, seeds=[SEED],
        )  # fmt: skip


def bits(trees: dict[str, Path], work: Path) -> list[Measure]:
    """Digest tables, trails, taint and answers of both; count what differs."""
    demo = work / "demo"
    command = [sys.executable, "-m", "walletrisk", "demo", "--exit", "--dir", str(demo)]
    subprocess.run(command, cwd=trees["before"], check=True, capture_output=True)
    found = {}
    for name, tree in trees.items():
        folder = work / f"digest-{name}"
        folder.mkdir()
        found[name] = run_script(HERE, "digest.py", demo, folder, PYTHONPATH=str(tree))
    compared = found["before"].keys() | found["now"].keys()
    differing = [name for name in compared if found["before"].get(name) != found["now"].get(name)]
    for name in sorted(differing):
        print(f"differs: {name}")
    return [
        Measure("bits: digests compared", len(compared), "digests"),
        Measure("bits: digests that differ", len(differing), "digests", target=0),
    ]


def speed(trees: dict[str, Path], work: Path, *, quick: bool) -> list[Measure]:
    """Time the same work in both, in turn."""
    sizes = Sizes(transfers=20_000, wallets=2_000) if quick else Sizes(1_000_000, 100_000)
    synthetic = generate(SEED, sizes)
    write(synthetic, work / "transfers.parquet")
    labels(synthetic, n_licit=4000 if not quick else 100, seed=SEED).to_parquet(work / "labels")
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in trees}
    for _ in range(2 if quick else 6):  # the first compiles
        for name, tree in trees.items():
            ledger = work / "ledger"
            shutil.rmtree(ledger, ignore_errors=True)
            arguments = work / "transfers.parquet", work / "labels", ledger
            runs[name].append(run_script(HERE, "work.py", *arguments, PYTHONPATH=str(tree)))
    measures = []
    for what in runs["now"][0]:
        seconds = {name: [run[what] for run in of[1:]] for name, of in runs.items()}
        ratios = [now / before for before, now in zip(*seconds.values(), strict=True)]
        measures += [summary(f"speed: {what}, {name}", of, "s") for name, of in seconds.items()]
        measures.append(summary(f"speed: {what}, now / before", ratios, "x", target=SLOWER))
    return measures


if __name__ == "__main__":
    main()
