"""Attack a ledger's folder and its slices: `python experiments/0005-attacks/disk.py`.

``--tree`` names a clone of another release, whose code is attacked in the same way; its figures
are told apart by ``--release``. ``--quick`` uses tiny sizes; nothing to quote.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

# the repository must be importable first
from experiments.common.processes import ROOT, environment, run_script  # noqa: E402
from experiments.common.results import Measure, write_result  # noqa: E402
from experiments.common.synthetic import Sizes, generate  # noqa: E402
from experiments.common.synthetic import write as write_transfers  # noqa: E402

SEED = 20261127
RESULT = HERE / "disk.json"
WORK = "disk_work.py"
BAD = ("other scores", "crash", "traceback", "refused in several lines")


@dataclass(frozen=True, slots=True)
class Attack:
    """Whose code is attacked, where, and in which size."""

    tree: Path
    work: Path
    quick: bool

    def run(self, *arguments: object) -> dict[str, Any]:
        """Figures of a child process."""
        return run_script(HERE, WORK, *arguments, PYTHONPATH=str(self.tree))

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """A child process that goes on beside this one."""
        return subprocess.Popen(
            [sys.executable, str(HERE / WORK), *map(str, arguments)],
            env=environment(PYTHONPATH=str(self.tree)), cwd=self.tree, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def size(self, full: int, quick: int) -> int:
        """One of two sizes."""
        return quick if self.quick else full


def ingests(attack: Attack) -> list[Measure]:
    """Two ingests at once, into a ledger that is there and into none."""
    lost, unreadable, refused = 0, 0, 0
    for turn in range(attack.size(10, 2)):
        ledger = attack.work / f"ingests-{turn}"
        before = 10 if turn % 2 else 0
        if before:
            attack.run("make", "--ledger", ledger, "--n", before)
        children = [
            attack.start("ingest", "--ledger", ledger, "--n", 200, "--seed", seed + 10)
            for seed in range(2)
        ]
        said = _at_once(children)
        held = attack.run("count", "--ledger", ledger)["held"]
        refused += sum(not each["added"] for each in said)
        unreadable += held < 0
        lost += before + sum(each["added"] for each in said) - max(held, 0)
    return [
        Measure("two ingests at once: transfers lost after success", lost, "transfers", target=0),
        Measure("two ingests at once: ledgers unreadable", unreadable, "ledgers", target=0),
        Measure("two ingests at once: ingests refused", refused, "ingests"),
    ]


def _at_once(children: list[subprocess.Popen[str]]) -> list[dict[str, Any]]:
    """Let children go on once all are ready; what each said last."""
    for child in children:
        assert child.stdout is not None
        child.stdout.readline()
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    return [json.loads(child.communicate()[0] or '{"added": 0}') for child in children]


def readers(attack: Attack) -> list[Measure]:
    """Two readers that open a ledger while a writer saves it again and again."""
    ledger, done = attack.work / "readers", attack.work / "readers-done"
    attack.run("make", "--ledger", ledger, "--n", 500)
    children = [attack.start("read", "--ledger", ledger, "--until", done) for _ in range(2)]
    attack.run("write", "--ledger", ledger, "--n", attack.size(400, 20))
    done.touch()
    said = [json.loads(child.communicate()[0]) for child in children]
    opens, failed = (sum(each[name] for each in said) for name in ("opens", "failed"))
    return [
        Measure("opens beside a writer", opens, "opens"),
        Measure("opens beside a writer that failed", failed, "opens", target=0),
    ]


def tampering(attack: Attack) -> list[Measure]:
    """Change one thing in a ledger's folder: is it told, harmless, or silently another score."""
    ledger = attack.work / "whole"
    attack.run("make", "--ledger", ledger, "--n", 400)
    n = attack.size(668, 40)
    found = _tampered(attack, ledger, n, [])
    measures = [
        Measure(f"tampering, {n}: {outcome}", found[outcome], "ledgers",
                target=0 if outcome in BAD else None)
        for outcome in ("refused", "found by verify", "harmless", *BAD)
    ]  # fmt: skip
    if not (attack.tree / "features/ledger/manifest.py").exists():
        return measures
    found = _tampered(attack, ledger, n, ["--sealed"])
    name = f"tampering, {n}, checksums made to fit"
    return [
        *measures,
        Measure(f"{name}: refused", found["refused"], "ledgers"),
        Measure(f"{name}: found by verify", found["found by verify"], "ledgers"),
        Measure(f"{name}: another ledger, whole", found["other scores"], "ledgers"),
        Measure(f"{name}: crash or traceback", found["crash"] + found["traceback"], "ledgers",
                target=0),
    ]  # fmt: skip


def _tampered(attack: Attack, ledger: Path, n: int, more: list[str]) -> Counter[str]:
    """What became of each; a child that crashes is followed by one for the rest."""
    found: Counter[str] = Counter()
    first = 0
    while first < n:
        child = attack.start(
            "tamper", "--ledger", ledger, "--n", n, "--first", first, "--seed", SEED, *more
        )
        lines = [json.loads(line) for line in child.communicate()[0].splitlines()]
        for line in lines:
            if "outcome" in line:
                found[line["outcome"].partition(" ")[0] if "traceback" in line["outcome"]
                      else line["outcome"]] += 1  # fmt: skip
                if line["outcome"].startswith((*BAD, "traceback")):
                    print(f"  {line['what']}: {line['outcome']}", flush=True)
        last = lines[-1]["number"] if lines else n
        if child.returncode:
            found["crash"] += 1
            print(f"  tampering {last}: the process ended with {child.returncode}", flush=True)
        first = last + 1
    return found


def full(attack: Attack) -> list[Measure]:
    """Saves for which the disk has no room, cut off at different files."""
    refused, whole, left = 0, 0, 0
    limits = [300, 10_000] if attack.quick else [300, 2000, 10_000, 20_000]
    made = attack.work / "full"
    attack.run("make", "--ledger", made, "--n", 100)
    for limit in limits:
        ledger = shutil.copytree(made, attack.work / f"full-{limit}")
        said = attack.run("grow", "--ledger", ledger, "--n", 3000, "--bytes", limit)
        refused += said["refused"]
        left += said["folders"] - 1
        whole += attack.run("count", "--ledger", ledger)["held"] == 100
    n = len(limits)
    return [
        Measure(f"full disk, {n}: told in one line", refused, "saves", target=n, at_least=True),
        Measure(f"full disk, {n}: partial generations left", left, "folders", target=0),
        Measure(f"full disk, {n}: former ledger whole", whole, "saves", target=n, at_least=True),
    ]


def late(attack: Attack) -> list[Measure]:
    """Late transfers to a wallet of very many, and their retraction."""
    sizes = [1000, 10_000] if not attack.quick else [1000]
    n = attack.size(1_000_000, 5000)
    found = attack.run("late", "--n", n, "--more", *sizes)
    return [
        Measure(f"{more:,} late transfers to a wallet of {n:,}: {name}", found[f"{key} {more}"],
                "ms", target=50.0 if key == "insert" and not attack.quick else None)
        for more in sizes
        for key, name in (("insert", "longest stretch"), ("retract", "retraction"))
    ]  # fmt: skip


def collisions(attack: Attack) -> list[Measure]:
    """Payments to wallets whose codes were chosen so that they meet in a hash table."""
    n, paid = attack.size(1_000_000, 100_000), attack.size(10_000, 1000)
    found = attack.run("collisions", "--n", n, "--paid", paid)
    name = f"row of a wallet that paid {paid:,} wallets"
    return [
        Measure(f"{name} of any codes", found["other"], "ms"),
        Measure(f"{name} of chosen codes", found["victim"], "ms"),
        Measure(f"{name}: chosen over any", found["victim"] / found["other"], "", target=2.0),
    ]


def labels(attack: Attack) -> list[Measure]:
    """Transfers to wallets that a long list of labels names and the ledger did not hold."""
    n = attack.size(500_000, 5000)
    slowest = attack.run("labels", "--n", n)["slowest"]
    name = f"transfer to an unseen wallet that one of {n:,} labels names, slowest of 20"
    return [Measure(name, slowest, "ms", target=5.0)]


def size(attack: Attack) -> list[Measure]:
    """What the checks cost on a large ledger."""
    source = attack.work / "transfers.parquet"
    sizes = Sizes(transfers=20_000, wallets=2000) if attack.quick else Sizes()
    write_transfers(generate(SEED, sizes), source)
    found = attack.run("size", "--source", source, "--ledger", attack.work / "large")
    name = f"ledger of {sizes.transfers:,}"
    measures = [
        Measure(f"{name}: open", found["open"], "ms", target=1000.0),
        Measure(f"{name}: save", found["save"], "ms"),
        Measure(f"{name}: append of 1,000, p50 of 20", found["append"], "ms"),
    ]
    if found["verify"] is not None:
        measures.append(Measure(f"{name}: verify", found["verify"], "ms"))
    return measures


STAGES: dict[str, Callable[[Attack], list[Measure]]] = {
    each.__name__: each
    for each in (ingests, readers, tampering, full, late, collisions, labels, size)
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes; nothing to quote")
    parser.add_argument("--stage", choices=STAGES, action="append", help="default: all")
    parser.add_argument("--tree", type=Path, default=ROOT, help="clone of another release")
    parser.add_argument("--release", help="name of that release")
    parser.add_argument("--result", type=Path, help="default: disk.json; none with --quick")
    arguments = parser.parse_args()
    result = arguments.result or (None if arguments.quick else RESULT)
    ending = "" if arguments.release is None else f" ({arguments.release})"
    for stage in arguments.stage or STAGES:
        begin = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            attack = Attack(arguments.tree.resolve(), Path(folder), arguments.quick)
            measures = STAGES[stage](attack)
        print(f"{stage}: {time.perf_counter() - begin:.1f} s", flush=True)
        for each in measures:
            print(f"  {each.name}{ending}: {each.value:.4g} {each.unit}", flush=True)
        if result is not None:
            named = [_named(each, ending) for each in measures]
            command = f"python experiments/{HERE.name}/disk.py"
            write_result(result, named, command=command, seeds=[SEED])


def _named(measure: Measure, ending: str) -> Measure:
    """A figure of this release with its target, or of another without one."""
    if not ending:
        return measure
    return Measure(f"{measure.name}{ending}", measure.value, measure.unit)


if __name__ == "__main__":
    main()
