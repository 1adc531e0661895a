"""What training is worth, and what guards it: `python experiments/0008-training/run.py`."""

import sys
import tempfile
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from experiments.common import ethereum_phishing as protocol  # noqa: E402
from experiments.common.results import Measure, SkippedError, read_arguments, run_stages  # noqa: E402

STAGES = ("refit", "around", "nearby", "probability", "watch", "gate", "models", "cost", "reasons")
NEEDED = dict.fromkeys(("around", "nearby"), ("ethereum_phishing", "amlsim"))
RESULT = HERE / "result.json"


def measure(name: str, work: Path, *, quick: bool) -> list[Measure]:
    """Measure one stage and save its figures."""
    data = protocol.DATA.parent
    needed = NEEDED.get(name, ("ethereum_phishing",))
    if missing := [one for one in needed if not (data / one).is_dir()]:
        raise SkippedError(f"needs the data sets {', '.join(missing)} (WALLETRISK_DATA)")
    stage = import_module(f"stage_{name}")
    measures: list[Measure] = stage.measures(work, quick)
    if not quick:
        for file, figure in stage.figures(measures).items():
            figure.savefig(HERE / file, dpi=130)
    return measures


def main() -> None:
    arguments, _ = read_arguments(__doc__, STAGES, RESULT)
    with tempfile.TemporaryDirectory() as work:
        run_stages(
            arguments.stages,
            lambda name: measure(name, Path(work), quick=arguments.quick),
            folder=HERE, result=arguments.result, seeds=range(1) if arguments.quick else range(3),
        )  # fmt: skip


if __name__ == "__main__":
    main()
