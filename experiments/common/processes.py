"""Run a piece of work in a process of its own, and what such a process needs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
Figures = dict[str, Any]


def environment(**extra: str) -> dict[str, str]:
    """Return the environment of a process: ours, with the repository importable."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **extra}


def run_script(
    folder: Path,
    script: Path | str,
    *arguments: object,
    python: Path | str = sys.executable,
    limit_s: float = 1800,
    **extra: str,
) -> Figures:
    """Run a script, of ``folder`` unless it is a whole path, and return the JSON it prints.

    Raises
    ------
    RuntimeError
        When the script fails; the message ends with its own.
    """
    done = subprocess.run(
        [str(python), str(folder / script), *map(str, arguments)],
        env=environment(**extra),
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{script} {' '.join(map(str, arguments))}: {done.stderr[-2000:]}")
    figures: Figures = json.loads(done.stdout.splitlines()[-1])
    return figures


def confine(threads: int) -> None:
    """Keep this process on as many cores as it may have threads."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def peak_mib(process: str | int = "self") -> float:
    """Return the peak resident memory of a process, in MiB.

    Not ``getrusage``: its peak begins with that of the process that started this one.
    """
    return _status_mib(process, "VmHWM")


def resident_mib(process: str | int = "self") -> float:
    """Return the resident memory of a process now, in MiB."""
    return _status_mib(process, "VmRSS")


def _status_mib(process: str | int, field: str) -> float:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    return 0.0  # a process that has ended but was not waited for


def free_gib() -> float:
    """Return the memory that can be had without swapping, in GiB."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) / 2**20
    raise RuntimeError("this system does not tell how much memory is free")


def threads_word(n: int) -> str:
    """Say ``1 thread`` or ``2 threads``."""
    return f"{n} thread" if n == 1 else f"{n} threads"
