"""Look a registered model up and fetch it, in a process of its own.

An endpoint that looked itself would hold MLflow's 200 MB, and its scores would wait while it is
imported. Reads one line of JSON from stdin and writes one to stdout, which is the answer.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

from features.errors import RiskError
from training.registered import PREFIX, parts


def fetch(uri: str, *, tracking_uri: str | None, into: Path, unless: list[str]) -> dict[str, Any]:
    """Find which version a name means now, and fetch it unless it is known.

    Parameters
    ----------
    uri
        ``models:/name@alias`` or ``models:/name/version``.
    tracking_uri
        MLflow store; None: what MLflow is set to.
    into
        Empty folder for the model.
    unless
        Versions that are not fetched, as ``models:/name/version``.

    Returns
    -------
    dict
        ``mark``, the version as ``models:/name/version``; ``folder`` of the model, None where it
        was not fetched.

    Raises
    ------
    RiskError
        The store is out of reach or has no such version, or the URI is none.
    """
    from training import tracking

    name, version = parts(uri)
    number = tracking.find(name, version, tracking_uri=tracking_uri).number
    mark = f"{PREFIX}{name}/{number}"
    if mark in unless:
        return {"mark": mark, "folder": None}
    folder = tracking.resolve(mark, tracking_uri=tracking_uri, into=into)
    return {"mark": mark, "folder": str(folder)}


def main() -> None:
    """Answer the question on stdin."""
    warnings.filterwarnings("ignore")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    asked = json.loads(sys.stdin.readline())
    os.nice(asked["niceness"])
    try:
        said = fetch(
            asked["uri"],
            tracking_uri=asked["tracking_uri"],
            into=Path(asked["into"]),
            unless=asked["unless"],
        )
    except RiskError as error:
        said = {"error": str(error)}
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
