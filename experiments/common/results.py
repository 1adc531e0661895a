"""The result.json that every experiment writes, and the table of it in the experiment's README."""

import argparse
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from features.views import definitions

BEGIN, END = "<!-- measures -->", "<!-- end of measures -->"
LIBRARIES = (
    "numpy",
    "pandas",
    "pyarrow",
    "numba",
    "scikit-learn",
    "lightgbm",
    "torch",
    "torch-geometric",
    "mlflow",
    "fastapi",
    "uvicorn",
    "polars",
    "duckdb",
    "snapml",
)


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of an experiment.

    Parameters
    ----------
    name : str
        What was measured, unique within the experiment.
    value : float
        The figure, a median where it was repeated.
    unit : str
        Unit of value, low, high and target.
    low, high : float, optional
        The interval: extremes of the repeats, or a bootstrap interval; the README says which.
    target : float, optional
        What was aimed for.
    at_least : bool
        True when a value above the target is the good side.
    """

    name: str
    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    target: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the value reached its target; None without a target."""
        if self.target is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target


def write_result(
    path: Path,
    measures: Iterable[Measure],
    *,
    command: str,
    seeds: Iterable[int],
) -> list[Measure]:
    """Write measures to a result.json; those already there under other names are kept.

    Parameters
    ----------
    path : pathlib.Path
        The file; created when it is missing.
    measures : iterable of Measure
        What was measured now. A measure replaces the earlier one of its name.
    command : str
        The command that repeats the run.
    seeds : iterable of int
        Every seed that was used.

    Returns
    -------
    list of Measure
        All measures that the file holds now.

    Notes
    -----
    When kept measures come from another commit or command, both are named, separated by commas.
    """
    old: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    merged = {row["name"]: Measure(**row) for row in old.get("measures", ())}
    replaced = {measure.name: measure for measure in measures}
    kept = bool(merged.keys() - replaced.keys())
    merged.update(replaced)
    result = {
        "command": _joined(old.get("command"), command, kept),
        "commit": _joined(old.get("commit"), commit(path.resolve().parent), kept),
        "versions": versions(),
        "feature_definitions": definitions(),
        "seeds": sorted({*seeds, *(old.get("seeds", ()) if kept else ())}),
        "machine": machine(),
        "measures": [asdict(measure) for measure in merged.values()],
    }
    path.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")
    return list(merged.values())


class SkippedError(Exception):
    """A stage cannot be measured here; the message says why."""


class Arguments(NamedTuple):
    """What the command line of an experiment in stages says; see :func:`read_arguments`."""

    stages: tuple[str, ...]
    quick: bool
    result: Path | None


def read_arguments(
    said: str | None,
    stages: Sequence[str],
    result: Path,
    more: argparse.ArgumentParser | None = None,
) -> tuple[Arguments, argparse.Namespace]:
    """Read ``--stage``, ``--quick`` and ``--result`` of an experiment's command line.

    Parameters
    ----------
    said : str, optional
        What the experiment asks, for ``--help``.
    stages : sequence of str
        All that there are.
    result : pathlib.Path
        Where measures go, unless the run is quick or told otherwise.
    more : argparse.ArgumentParser, optional
        Options of the experiment's own, made with ``add_help=False``.

    Returns
    -------
    arguments : Arguments
    everything : argparse.Namespace
        The options of ``more`` among it.
    """
    parser = argparse.ArgumentParser(description=said, parents=[] if more is None else [more])
    parser.add_argument("--quick", action="store_true", help="tiny sizes; nothing to quote")
    parser.add_argument("--stage", choices=stages, action="append", help="default: all")
    parser.add_argument("--result", type=Path, help="default: beside run.py; none with --quick")
    found = parser.parse_args()
    kept = found.result or (None if found.quick else result)
    return Arguments(tuple(found.stage or stages), found.quick, kept), found


def run_stages(
    stages: Iterable[str],
    measure: Callable[[str], list[Measure]],
    *,
    folder: Path,
    result: Path | None,
    seeds: Iterable[int],
) -> None:
    """Measure stage after stage, and print, write and tabulate what each gives.

    Parameters
    ----------
    stages : iterable of str
    measure : callable
        Measures one stage; may raise :class:`SkippedError`.
    folder : pathlib.Path
        The experiment's, whose ``run.py`` repeats a stage.
    result : pathlib.Path, optional
        Where the measures go, nowhere if left out; the README follows the folder's ``result.json``.
    seeds : iterable of int
    """
    for stage in stages:
        begin = time.perf_counter()
        try:
            measures = measure(stage)
        except SkippedError as reason:
            print(f"{stage}: skipped, {reason}", flush=True)
            continue
        print(f"{stage}: {time.perf_counter() - begin:.1f} s", flush=True)
        for each in measures:
            print(f"  {each.name}: {each.value:.4g} {each.unit}", flush=True)
        if result is not None:
            command = f"python experiments/{folder.name}/run.py --stage {stage}"
            every = write_result(result, measures, command=command, seeds=seeds)
            if result == folder / "result.json":
                fill_readme(folder / "README.md", every)


def _joined(old: str | None, new: str, kept: bool) -> str:
    parts = [part for part in (old or "").split(", ") if part and part != new] if kept else []
    return ", ".join([*parts, new])


def commit(folder: Path) -> str:
    """Name the commit that a folder is at; ``+changes`` when tracked code differs from it."""

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, check=False
        )
        return done.stdout.strip() if done.returncode == 0 else ""

    head = git("rev-parse", "--short=12", "HEAD")
    if not head:
        return "unknown"
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ":/*.py", ":/*.toml")
    return f"{head}+changes" if changed else head


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that figures depend on."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, str | int]:
    """Describe the machine: processor, cores, memory and system, nothing that names it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory / 2**30),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor()


def table(measures: Iterable[Measure]) -> str:
    """Format measures as a Markdown table."""
    rows = ["| measure | value | interval | target | met |", "|---|---|---|---|---|"]
    for measure in measures:
        interval = target = met = ""
        if measure.low is not None and measure.high is not None:
            interval = f"{_number(measure.low)} to {_number(measure.high)}"
        if measure.target is not None:
            sign = ">=" if measure.at_least else "<="
            target = f"{sign} {_number(measure.target)}"
            met = "yes" if measure.met else "**no**"
        value = f"{_number(measure.value)} {measure.unit}".strip()
        rows.append(f"| {measure.name} | {value} | {interval} | {target} | {met} |")
    return "\n".join(rows)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def fill_readme(readme: Path, measures: Iterable[Measure]) -> None:
    """Replace the text between the two markers of a README by the table of measures.

    Raises
    ------
    ValueError
        When the README does not hold both markers, in order.
    """
    text = readme.read_text()
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{readme.name} must hold the lines {BEGIN} and {END}, in this order")
    readme.write_text(f"{head}{BEGIN}\n{table(measures)}\n{END}{tail}")


def summary(
    name: str,
    values: Iterable[float],
    unit: str,
    *,
    target: float | None = None,
    at_least: bool = False,
) -> Measure:
    """Summarise repeats of a figure: their median, with the extremes as the interval."""
    ordered = sorted(values)
    median = statistics.median(ordered)
    return Measure(name, median, unit, ordered[0], ordered[-1], target, at_least)
