"""Measure the endpoint: `python experiments/0011-endpoint/run.py`, see README.md."""

import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import fault_audit  # noqa: E402 - the repository must be importable first
import fault_feed  # noqa: E402
import fault_jobs  # noqa: E402
import fault_models  # noqa: E402
import stage_beside  # noqa: E402
import stage_feed  # noqa: E402
import stage_http  # noqa: E402
import stage_routes  # noqa: E402
import stage_steady  # noqa: E402
from setting import Setting  # noqa: E402

from experiments.common.results import Measure, read_arguments, run_stages  # noqa: E402

SEED = 20261128
STAGES = ("http", "beside", "feed", "steady", "routes", "faults")
FAULTS = {"audit": fault_audit, "feed": fault_feed, "jobs": fault_jobs, "models": fault_models}
REQUESTS = 24_000  # asked for; routes with little to get wrong take fewer
RESULT = HERE / "result.json"


def main() -> None:
    arguments, _ = read_arguments(__doc__, STAGES, RESULT)
    with tempfile.TemporaryDirectory() as folder:
        setting = Setting(Path(folder), SEED, quick=arguments.quick)

        def measure(stage: str) -> list[Measure]:
            if stage == "http":
                kinds = ("relaxed",) if setting.quick else ("off", "relaxed", "strict")
                return [one for audit in kinds for one in stage_http.measure(setting, audit=audit)]
            if stage == "routes":
                return stage_routes.measure(
                    _folder(setting, stage), 60 if setting.quick else REQUESTS
                )
            if stage == "faults":
                rooms = FAULTS.items()
                return [one for room, of in rooms for one in of.faults(_folder(setting, room))]
            stages = {"beside": stage_beside, "feed": stage_feed, "steady": stage_steady}
            return stages[stage].measure(setting)

        run_stages(arguments.stages, measure, folder=HERE, result=arguments.result, seeds=[SEED])


def _folder(setting: Setting, name: str) -> Path:
    folder = setting.work / name
    folder.mkdir()
    return folder


if __name__ == "__main__":
    main()
