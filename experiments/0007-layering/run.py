"""Layering as it is done: `python experiments/0007-layering/run.py`, see README.md."""

import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import planted_case  # noqa: E402 - the repository must be importable first
import stage_depth  # noqa: E402
import stage_evasion  # noqa: E402
import stage_exposure  # noqa: E402
import stage_flow  # noqa: E402
import stage_planted  # noqa: E402
import stage_worth  # noqa: E402
from incident import FOLDER  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

from experiments.common import ethereum_phishing as protocol  # noqa: E402
from experiments.common.amlsim_bank import NAMES  # noqa: E402
from experiments.common.results import Measure, SkippedError, read_arguments, run_stages  # noqa: E402

OF_THE_INCIDENT = {
    "depth": stage_depth.measures,
    "exposure": stage_exposure.measures,
    "flow": stage_flow.measures,
}
STAGES = (*OF_THE_INCIDENT, "planted", "worth", "evasion")
RESULT = HERE / "result.json"
DATA = protocol.DATA.parent
SEEDS = range(3)  # of worlds, and of models on Ethereum
SPLITS = range(2)  # of the simulated banks, whose tables are the widest


class Run:
    """The stages; each gives its measures and its figures by file name."""

    def __init__(self, work: Path, *, quick: bool) -> None:
        self.work = work
        self.quick = quick

    def incident(self, name: str) -> list[Measure]:
        """A stage over the verified trails, which saves its own figures where it is told."""
        needed = DATA / FOLDER
        if not needed.is_dir():
            raise SkippedError(f"needs the data set {needed.name} (WALLETRISK_DATA)")
        return list(OF_THE_INCIDENT[name](self.work if self.quick else HERE, self.quick))

    def planted(self) -> tuple[list[Measure], dict[str, Figure]]:
        """The planted world."""
        amounts = planted_case.QUICK if self.quick else planted_case.FULL
        measures = stage_planted.measure(range(1) if self.quick else SEEDS, amounts)
        return measures, {"planted.png": stage_planted.figure(measures)}

    def worth(self) -> tuple[list[Measure], dict[str, Figure]]:
        """Data of others."""
        needed = [DATA / name for name in ("ethereum_phishing", "amlsim", "amlworld")]
        if missing := [folder.name for folder in needed if not folder.is_dir()]:
            raise SkippedError(f"needs the data sets {', '.join(missing)} (WALLETRISK_DATA)")
        firsts = protocol.FIRST[:1] if self.quick else protocol.FIRST
        banks = NAMES[:1] if self.quick else NAMES
        seeds, splits = (range(1), range(1)) if self.quick else (SEEDS, SPLITS)
        measures = [
            *stage_worth.typologies(DATA / "amlworld"),
            *stage_worth.amlsim(DATA / "amlsim", splits, banks),
            *stage_worth.ethereum(self.work, seeds, firsts),
        ]
        return measures, {"worth.png": stage_worth.figure(measures, firsts, banks)}

    def evasion(self) -> tuple[list[Measure], dict[str, Figure]]:
        """What it costs to hide."""
        results = stage_evasion.try_all()
        if not self.quick:
            stage_evasion.write_prices(results, HERE / "evasion.csv")
        return stage_evasion.measure(results), {"evasion.png": stage_evasion.figure(results)}

    def stage(self, name: str) -> list[Measure]:
        """Measure one stage and save its figures."""
        if name in OF_THE_INCIDENT:
            return self.incident(name)
        measures, figures = getattr(self, name)()
        if not self.quick:
            for file, figure in figures.items():
                figure.savefig(HERE / file, dpi=130)
        return list(measures)


def main() -> None:
    arguments, _ = read_arguments(__doc__, STAGES, RESULT)
    with tempfile.TemporaryDirectory() as work:
        run = Run(Path(work), quick=arguments.quick)
        run_stages(arguments.stages, run.stage, folder=HERE, result=arguments.result, seeds=SEEDS)


if __name__ == "__main__":
    main()
