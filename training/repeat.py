"""``walletrisk train --run``: a recorded run again, from what it recorded of itself."""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path
from typing import NamedTuple

from features.errors import RiskError
from training.config import RunConfig
from training.gate.replay import Endpoint
from training.provenance import changes, git_commit, input_hashes
from training.run import Run, run
from training.run_inputs import Progress
from training.run_record import CONFIG, INPUTS


class Repeated(NamedTuple):
    """Outcome of :func:`repeat`.

    Attributes
    ----------
    run
        The new run.
    changed
        What is no longer as it was, a line each: inputs, and the code.
    different
        Metrics that came out otherwise: name to (then, now).
    compared
        Number of metrics that were compared.
    """

    run: Run
    changed: tuple[str, ...]
    different: dict[str, tuple[float, float]]
    compared: int


def repeat(
    run_id: str,
    *,
    tracking_uri: str | None = None,
    progress: Progress | None = None,
    endpoint: Endpoint | None = None,
) -> Repeated:
    """Train once more what a run trained, and compare its metrics.

    Parameters
    ----------
    run_id
        Of a run that came from a file.
    tracking_uri
        Store that holds it, and will hold the new one.
    progress, endpoint
        See :func:`training.run.run`.

    Raises
    ------
    RiskError
        If there is no such run, it was made in Python, or an input is gone.

    Notes
    -----
    An input that changed is told, and the run goes on: a ledger that only grew gives the same rows,
    and the metrics say whether it did.
    """
    from training import tracking

    metrics, tags, texts = tracking.run_facts(run_id, (INPUTS,), tracking_uri=tracking_uri)
    told = json.loads(texts[INPUTS])
    if not told:
        raise RiskError(
            f"run {run_id} was recorded from Python and names no files: only a run of "
            "walletrisk train can be repeated"
        )
    _, _, texts = tracking.run_facts(run_id, (CONFIG,), tracking_uri=tracking_uri)
    config = _config(texts[CONFIG])
    where = config.mlflow.model_copy(
        update={"tracking_uri": tracking_uri or config.mlflow.tracking_uri}
    )
    changed = changes(told, input_hashes(config))
    commit = git_commit()
    if tags.get("git_commit") != commit:
        changed.append(f"the code is not what it was: {tags.get('git_commit')} -> {commit}")
    config = config.model_copy(update={"mlflow": where})
    done = run(config, progress=progress, endpoint=endpoint, repeats=run_id)
    different = {
        name: (then, done.metrics.get(name, math.nan))
        for name, then in metrics.items()
        if not _equal(then, done.metrics.get(name, math.nan))
    }
    return Repeated(done, tuple(changed), different, len(metrics))


def _config(text: str) -> RunConfig:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / CONFIG
        path.write_text(text, encoding="utf-8")
        return RunConfig.read(path)


def _equal(then: float, now: float) -> bool:
    return then == now or (math.isnan(then) and math.isnan(now))
