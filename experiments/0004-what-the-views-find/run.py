"""What do the views find? `python experiments/0004-what-the-views-find/run.py`, see README.md."""

import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import stage_amlsim  # noqa: E402 - the repository must be importable first
import stage_amlworld  # noqa: E402
import stage_ethereum  # noqa: E402
import stage_sanity  # noqa: E402
import stage_trails  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

from experiments.common import ethereum_phishing as protocol  # noqa: E402
from experiments.common.amlsim_bank import NAMES  # noqa: E402
from experiments.common.results import Measure, read_arguments, run_stages  # noqa: E402
from features import Ledger  # noqa: E402

STAGES = ("amlsim", "amlworld", "ethereum", "trails", "sanity")
RESULT = HERE / "result.json"
DATA = protocol.DATA.parent
SEEDS = range(5)
SAMPLED = 20  # with --quick, every so many-th wallet


class Run:
    """The stages; each gives its measures and its figures by file name."""

    def __init__(self, work: Path, *, quick: bool) -> None:
        self.work = work
        self.quick = quick
        self.seeds = range(1) if quick else SEEDS
        self.phishing: Ledger | None = None

    def amlsim(self) -> tuple[list[Measure], dict[str, Figure]]:
        """The simulated bank."""
        names = NAMES[:1] if self.quick else NAMES
        measures = stage_amlsim.measure(DATA / "amlsim", self.seeds, names)
        return measures, {"amlsim.png": stage_amlsim.figure(measures, names)}

    def amlworld(self) -> tuple[list[Measure], dict[str, Figure]]:
        """The planted typologies."""
        measures, rows = stage_amlworld.measure(DATA / "amlworld")
        return measures, {"amlworld.png": stage_amlworld.figure(rows)}

    def ethereum(self) -> tuple[list[Measure], dict[str, Figure]]:
        """Real phishing wallets."""
        firsts = protocol.FIRST[:1] if self.quick else protocol.FIRST
        measures = stage_ethereum.measure(self.ledger(), self.seeds, firsts)
        return measures, {"ethereum.png": stage_ethereum.figure(measures, firsts)}

    def trails(self) -> tuple[list[Measure], dict[str, Figure]]:
        """Real incidents."""
        figure = stage_trails.ronin_figure(DATA / "ethereum_incidents")
        return stage_trails.measure(DATA), {"ronin.png": figure}

    def sanity(self) -> tuple[list[Measure], dict[str, Figure]]:
        """Exposure of all wallets."""
        step = SAMPLED if self.quick else 1
        measures, exposed = stage_sanity.measure(self.ledger(), DATA, step=step)
        top = stage_sanity.top_exposed(exposed)
        if self.quick:
            print(top.to_string(), flush=True)
        else:
            top.to_csv(HERE / "top_exposed.csv", float_format="%.6g")
        return measures, {"sanity.png": stage_sanity.figure(exposed)}

    def stage(self, name: str) -> list[Measure]:
        """Measure one stage and save its figures."""
        measures, figures = getattr(self, name)()
        if not self.quick:
            for file, figure in figures.items():
                figure.savefig(HERE / file, dpi=130)
        return list(measures)

    def ledger(self) -> Ledger:
        """The phishing ledger, ingested once."""
        if self.phishing is None:
            self.phishing = protocol.ingest(self.work)
        return self.phishing


def main() -> None:
    arguments, _ = read_arguments(__doc__, STAGES, RESULT)
    with tempfile.TemporaryDirectory() as work:
        run = Run(Path(work), quick=arguments.quick)
        run_stages(arguments.stages, run.stage, folder=HERE, result=arguments.result, seeds=SEEDS)


if __name__ == "__main__":
    main()
