"""Run a timed piece of work in a process of its own, and what such a process needs."""

import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def environment(**extra: str) -> dict[str, str]:
    """Return the environment of a child: ours, with the repository importable."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **extra}


def child(script: str, *arguments: object, limit_s: float = 900, **extra: str) -> dict[str, float]:
    """Run a script of this folder and return the figures it prints as JSON.

    Raises
    ------
    RuntimeError
        When the script fails; the message ends with its own.
    """
    done = subprocess.run(
        [sys.executable, str(HERE / script), *map(str, arguments)],
        env=environment(**extra),
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{script} {' '.join(map(str, arguments))}: {done.stderr[-2000:]}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def peak_mib(process: str | int = "self") -> float:
    """Return the peak resident memory of a process, in MiB.

    Not ``getrusage``: its peak begins with that of the process that started this one.
    """
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0  # a process that has ended but was not waited for
