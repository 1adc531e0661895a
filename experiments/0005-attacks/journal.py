"""Kill a writer at random moments, checkpoints among them, and count what was lost or doubled.

python experiments/0005-attacks/journal.py            # 1,000 kills, about an hour
python experiments/0005-attacks/journal.py --quick    # 3 kills
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(HERE)]

from journal_writer import frame  # noqa: E402 - its folder must be importable first

from experiments.common.results import Measure, write_result  # noqa: E402
from features import Ledger  # noqa: E402

SLOWEST_START_S = 120
PATIENCE_S = 20.0
LONGEST_LIFE_S = 2.5


@dataclass(slots=True)
class Truth:
    """What was acknowledged, and the one change that may have been under way."""

    held: dict[str, float] = field(default_factory=dict)
    begun: dict[str, Any] | None = None
    kills: int = 0
    acknowledged: int = 0
    checkpoints: int = 0
    during_checkpoint: int = 0
    lost: int = 0
    doubled: int = 0

    def line(self, facts: dict[str, Any]) -> None:
        """Take in a line of the writer."""
        if "begins" in facts:
            self.begun = facts["begins"]
        elif "acknowledged" in facts and self.begun is not None:
            self.acknowledged += sum(len(entries) for entries in self.begun.values())
            self.held, self.begun = self.after(self.begun), None
        elif facts.get("checkpoint") == "made":
            self.checkpoints += 1

    def after(self, change: dict[str, Any]) -> dict[str, float]:
        """What is held once a change is made."""
        if "post" in change:
            return {**self.held, **change["post"]}
        return {one: amount for one, amount in self.held.items() if one not in change["retract"]}

    def compare(self, found: dict[str, float]) -> None:
        """Count what a start lacks of what was acknowledged, and what it holds beside that."""
        allowed = [self.held] if self.begun is None else [self.held, self.after(self.begun)]
        if found not in allowed:
            self.lost += len(self.held.items() - found.items())
            self.doubled += len(found.items() - self.held.items())
        self.held, self.begun = found, None


def attack(folder: Path, kills: int, seed: int) -> Truth:
    """Start and kill the writer again and again."""
    chance, truth = random.Random(seed), Truth()
    Ledger.from_transfers(frame({"first": 1.0})).save(folder / "ledger")
    for number in range(kills + 1):
        last = number == kills
        group = _one_life(
            folder,
            seed * 100_000 + number,
            0.0 if last else chance.uniform(0, LONGEST_LIFE_S),
            truth,
        )
        if number % 20 == 0:
            print(
                f"{number} kills: {truth.acknowledged} acknowledged, {truth.lost} lost", flush=True
            )
    patience = time.monotonic() + PATIENCE_S
    while _is_alive(group) and time.monotonic() < patience:
        time.sleep(0.05)
    return truth


def _one_life(folder: Path, seed: int, seconds: float, truth: Truth) -> int:
    """Let a writer write for so long; returns its process group."""
    process = subprocess.Popen(
        [sys.executable, str(HERE / "journal_writer.py"), str(folder), str(seed)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    assert process.stdout is not None
    watchdog = threading.Timer(SLOWEST_START_S, process.kill)
    watchdog.start()
    first = process.stdout.readline()
    watchdog.cancel()
    if not first:
        raise RuntimeError(f"the writer did not start: {process.wait()}")
    truth.compare(json.loads(first)["holds"])
    threading.Timer(seconds, process.kill).start()
    lines = process.stdout.readlines()
    process.wait()
    for line in lines:
        if line.endswith("\n"):  # one that was cut off was not said
            truth.line(json.loads(line))
    truth.kills += 1
    # an unfinished draft, or its process, is left
    drafts = any((folder / "ledger").glob("draft-*"))
    truth.during_checkpoint += drafts or _is_alive(process.pid)
    return process.pid


def _is_alive(group: int) -> bool:
    """Whether a checkpoint that a writer began outlives it: it still writes into the folder."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="3 kills")
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--result", type=Path, default=HERE / "result.json")
    arguments = parser.parse_args()
    kills = 3 if arguments.quick else arguments.kills
    with tempfile.TemporaryDirectory() as folder:
        truth = attack(Path(folder), kills, arguments.seed)
    measures = [
        Measure("journal: kills", truth.kills, "kills"),
        Measure("journal: kills during a checkpoint", truth.during_checkpoint, "kills"),
        Measure("journal: checkpoints made", truth.checkpoints, "checkpoints"),
        Measure("journal: acknowledged entries", truth.acknowledged, "entries"),
        Measure("journal: acknowledged entries lost", truth.lost, "entries", target=0),
        Measure("journal: entries that nobody sent", truth.doubled, "entries", target=0),
    ]
    write_result(arguments.result, measures, command=" ".join(sys.argv), seeds=[arguments.seed])
    for one in measures:
        print(f"{one.name}: {one.value:,.0f} {one.unit}")
    sys.exit(1 if truth.lost or truth.doubled else 0)


if __name__ == "__main__":
    main()
