"""Measure the feature engine: `python experiments/0003-feature-speed/run.py`, see README.md."""

import argparse
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import pandas as pd  # noqa: E402 - the repository must be importable first
import stage_increment  # noqa: E402
import stage_lookahead  # noqa: E402
import stage_peers  # noqa: E402
import stage_snapml  # noqa: E402
import stage_table  # noqa: E402
from gfp_environment import gfp_python  # noqa: E402

from experiments.common.results import Measure, SkippedError, read_arguments, run_stages  # noqa: E402
from experiments.common.synthetic import START, Sizes  # noqa: E402

SEED = 20261124
STAGES = ("snapml", "lookahead", "aggregates", "table", "increment")
QUICK = Sizes(transfers=20_000, wallets=2_000)
RESULT = HERE / "result.json"


def main() -> None:
    own = argparse.ArgumentParser(add_help=False)
    own.add_argument("--snapml", type=Path, help="folder of an environment to make or use again")
    arguments, options = read_arguments(__doc__, STAGES, RESULT, own)
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder), quick=arguments.quick, snapml=options.snapml)
        run_stages(arguments.stages, run.stage, folder=HERE, result=arguments.result, seeds=[SEED])


class Run:
    """The table, its ledger and its labels, made when first needed, and the stages over them."""

    def __init__(self, work: Path, *, quick: bool, snapml: Path | None) -> None:
        self.work = work
        self.quick = quick
        self.repeats = 1 if quick else 3
        self.sizes = QUICK if quick else Sizes()
        self.as_of = START + pd.Timedelta(days=self.sizes.days)
        self.environment = snapml or work / "snapml"

    def data(self, sizes: Sizes | None = None) -> stage_table.Data:
        """Generate the transfers, their labels and their ledger, once a size."""
        return stage_table.data(self.work, sizes or self.sizes, seed=SEED)

    def gfp(self) -> Path:
        """Return the interpreter that has snapml; with --quick it is used only if it is there."""
        if self.quick and not (self.environment / "bin" / "python").exists():
            raise SkippedError("no environment with snapml was given (--snapml)")
        try:
            return gfp_python(self.environment)
        except RuntimeError as error:
            raise SkippedError(str(error)) from error

    def stage(self, name: str) -> list[Measure]:
        """Measure one stage."""
        if name == "snapml":
            amount = stage_snapml.Amount()
            if self.quick:
                amount = stage_snapml.Amount(5_000, 0.3, 512, 64, 500, 200)
            data = self.data()
            return stage_snapml.measure(
                self.gfp(), data.transfers, data.ledger, repeats=self.repeats, amount=amount,
                work=self.work,
            )  # fmt: skip
        if name == "lookahead":
            return stage_lookahead.measure(self.gfp())
        if name == "aggregates":
            data = self.data()
            return stage_peers.measure(
                data.transfers, data.ledger, as_of=self.as_of, repeats=self.repeats, work=self.work
            )
        if name == "table":
            return stage_table.measure(
                self.data, self.as_of, quick=self.quick, repeats=self.repeats, seed=SEED
            )
        return stage_increment.measure(
            self.data(), self.as_of, quick=self.quick, repeats=self.repeats, work=self.work
        )


if __name__ == "__main__":
    main()
