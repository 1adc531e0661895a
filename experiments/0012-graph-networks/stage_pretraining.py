"""Does learning from wallets without labels help? Encoders of the Ethereum set, before fine-tuning.

Three encoders of one architecture: as drawn, taught on all transfers before the last row that is
learnt from, and taught on the neighbours of other rows. Each is where the same network starts from;
labels around are not read, so that what the encoder knows is all that differs.
"""

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from network_arms import measured, runs_of
from network_case import Arm, Case
from network_figures import bars
from stage_real import cases

from experiments.common import ethereum_phishing as protocol
from experiments.common.results import Measure, SkippedError
from features.json_file import read_json
from features.progress import progress
from training.config import ENCODER_FILE
from training.networks.pretraining.pretrain_config import PretrainConfig
from training.networks.pretraining.pretraining import Pretrained, pretrain

UPDATES, QUICK_UPDATES = 2000, 50
FIRSTS = ("5", "all")
UNTAUGHT, TAUGHT, SHUFFLED = "untaught encoder", "taught encoder", "taught on shuffled edges"


def taught(case: Case, kind: str, out: Path, updates: int) -> Pretrained:
    """Teach an encoder from what precedes the last row that is learnt from, unless it is there."""
    if out.exists():
        losses = read_json(out / ENCODER_FILE)["record"]["losses"]
        return Pretrained(out, losses["untaught"], losses["taught"])
    last = case.table.index[case.rows.learnt].get_level_values("as_of").max()
    told = {"ledger": out.parent, "out": out, "kind": kind, "updates": updates}
    as_of = (last + pd.Timedelta(1, "us")).to_pydatetime()
    config = PretrainConfig.model_validate({**told, "as_of": as_of})
    with progress() as advance:
        return pretrain(config, case.ledger, advance)


def encoders(case: Case, kind: str, work: Path, updates: int) -> dict[str, Pretrained]:
    """Teach the three of them."""
    room = work / f"{case.name} {kind} {updates}".replace(" ", "-")
    room.mkdir(exist_ok=True)
    found = {
        UNTAUGHT: taught(case, kind, room / "untaught", 0),
        TAUGHT: taught(case, kind, room / "taught", updates),
    }
    with import_module("shuffled_edges").edges_shuffled():
        found[SHUFFLED] = taught(case, kind, room / "shuffled", updates)
    return found


def measures(work: Path, *, quick: bool, kinds: tuple[str, ...]) -> list[Measure]:
    """All figures of the stage."""
    if not protocol.DATA.is_dir():
        raise SkippedError(f"needs the data set {protocol.DATA.name} (WALLETRISK_DATA)")
    found: list[Measure] = []
    for case in cases(work, FIRSTS[:1] if quick else FIRSTS):
        for kind in kinds:
            made = encoders(case, kind, work, QUICK_UPDATES if quick else UPDATES)
            named = replace(case, name=f"{case.name} {kind} pretraining")
            whole = Arm(kind, "scale_free", told="nothing")
            arms = {
                name: replace(whole, parameters={"encoder": str(one.folder)})
                for name, one in made.items()
            }
            runs = runs_of([named], arms, range(1) if quick else protocol.SEEDS, work)
            pairs = {
                f"{TAUGHT} minus {UNTAUGHT}": (TAUGHT, UNTAUGHT),
                f"{TAUGHT} minus {SHUFFLED}": (TAUGHT, SHUFFLED),
            }
            found += [*named.sizes(), *measured(named.name, runs, pairs, {})]
            found += [
                Measure(f"{named.name} {name} loss of {task}", loss, "")
                for name, one in made.items()
                for task, loss in one.taught.items()
            ]
    return found


def figures(found: list[Measure]) -> dict[str, Figure]:
    """All arms of every k."""
    ats = [one.name.removesuffix(" prevalence") for one in found if "prevalence" in one.name]
    return bars("pretraining.png", found, ats, UNTAUGHT)
