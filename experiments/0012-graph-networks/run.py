"""Where graph networks earn their place: `python experiments/0012-graph-networks/run.py`."""

import argparse
import sys
import tempfile
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [
    str(HERE.parents[1]),
    str(HERE.parent / "0001-real-ethereum"),
    str(HERE.parent / "0011-endpoint"),
]

from experiments.common.results import Measure, read_arguments, run_stages  # noqa: E402

STAGES = (
    "real", "pretraining", "bank", "agents", "paths", "sampler", "epoch", "serving", "deletion",
)  # fmt: skip
RESULT = HERE / "result.json"
KINDS = ("graphsage", "gatv2", "gine", "pna")
CASED = ("real", "bank", "agents")  # stages of several cases
SEEDS = range(5)


def options() -> argparse.ArgumentParser:
    """Options of this experiment's own."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument(
        "--kind", action="append",
        help=f"kind of network beside the trees, or none; default: {', '.join(KINDS)}",
    )  # fmt: skip
    parser.add_argument(
        "--case", action="append", default=[],
        help=f"of {' and '.join(CASED)}: cases whose name ends so, such as 'k=5 scale_free'",
    )  # fmt: skip
    parser.add_argument(
        "--work",
        type=Path,
        help="keep scores here, and go on from those; default: a passing folder",
    )
    return parser


def measure(
    name: str, work: Path, *, quick: bool, kinds: tuple[str, ...], ends: tuple[str, ...]
) -> list[Measure]:
    """Measure one stage and save its figures."""
    stage = import_module(f"stage_{name}")
    chosen = {"ends": ends} if name in CASED else {}
    measures: list[Measure] = stage.measures(work, quick=quick, kinds=kinds, **chosen)
    if not quick:
        for file, figure in stage.figures(measures).items():
            figure.savefig(HERE / file, dpi=130)
    return measures


def main() -> None:
    arguments, told = read_arguments(__doc__, STAGES, RESULT, options())
    kinds = tuple(kind for kind in told.kind or KINDS if kind != "none")
    with tempfile.TemporaryDirectory() as passing:
        work = Path(passing) if told.work is None else told.work.absolute()
        work.mkdir(parents=True, exist_ok=True)
        run_stages(
            arguments.stages,
            lambda name: measure(
                name, work, quick=arguments.quick, kinds=kinds, ends=tuple(told.case) or ("",)
            ),
            folder=HERE, result=arguments.result, seeds=range(1) if arguments.quick else SEEDS,
        )  # fmt: skip


if __name__ == "__main__":
    main()
