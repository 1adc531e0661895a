"""Measure the speed of everything: `python experiments/0002-speed/run.py`, see README.md."""

import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import pandas as pd  # noqa: E402 - the repository must be importable first
import stage_aggregates  # noqa: E402
import stage_ledger  # noqa: E402

from experiments.common.results import Measure, read_arguments, run_stages  # noqa: E402
from experiments.common.synthetic import START, Sizes, generate, write  # noqa: E402

SEED = 20261124
STAGES = ("aggregates", "ledger")
QUICK = Sizes(transfers=20_000, wallets=2_000)
RESULT = HERE / "result.json"


def main() -> None:
    arguments, _ = read_arguments(__doc__, STAGES, RESULT)
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder), quick=arguments.quick)
        run_stages(arguments.stages, run.stage, folder=HERE, result=arguments.result, seeds=[SEED])


class Run:
    """The table and its ledger, made once, and the stages over them."""

    def __init__(self, work: Path, *, quick: bool) -> None:
        sizes = QUICK if quick else Sizes()
        self.work = work
        self.quick = quick
        self.repeats = 1 if quick else 3
        self.transfers = work / "transfers.parquet"
        self.ledger = work / "ledger"
        self.as_of = START + pd.Timedelta(days=sizes.days)
        synthetic = generate(SEED, sizes)
        write(synthetic, self.transfers)
        del synthetic
        stage_ledger.build(self.transfers, self.ledger)

    def stage(self, name: str) -> list[Measure]:
        """Measure one stage."""
        if name == "aggregates":
            return stage_aggregates.measure(
                self.transfers, self.ledger, as_of=self.as_of, repeats=self.repeats, work=self.work
            )
        measures = stage_ledger.measure(
            self.transfers, self.ledger, repeats=self.repeats, seed=SEED, work=self.work
        )
        if self.quick:  # compiling every kernel is not quick
            return measures
        return measures + stage_ledger.measure_start(
            self.ledger, as_of=self.as_of, repeats=self.repeats, work=self.work
        )


if __name__ == "__main__":
    main()
