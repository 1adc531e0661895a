"""An experiment at tiny sizes, run as a user runs it."""

import json
import subprocess
import sys
from pathlib import Path

_EXPERIMENTS = Path(__file__).resolve().parents[1] / "experiments"


def quick_run(
    script: str, folder: Path, *more: str, timeout_s: float = 600
) -> tuple[str, dict[str, float]]:
    """What ``experiments/<script> --quick`` says, and its measures by name; it must succeed."""
    result = folder / "result.json"
    done = subprocess.run(
        [sys.executable, str(_EXPERIMENTS / script), "--quick", *more, "--result", str(result)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    measures = json.loads(result.read_text())["measures"]
    return done.stdout, {row["name"]: row["value"] for row in measures}
