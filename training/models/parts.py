"""Models that others are made of, in one folder: each part's files bear its name."""

from __future__ import annotations

import tempfile
from pathlib import Path

from training.models.estimator import Estimator
from training.models.kinds import estimator_class


def save_part(part: Estimator, directory: Path, name: str = "") -> None:
    """Write the files of a fitted part, each after its name, which is that of its kind if empty."""
    with tempfile.TemporaryDirectory() as folder:
        part.save(Path(folder))
        for path in Path(folder).iterdir():
            (directory / f"{name or part.kind}.{path.name}").write_bytes(path.read_bytes())


def load_part(
    directory: Path, kind: str, feature_names: tuple[str, ...], name: str = ""
) -> Estimator:
    """Read what :func:`save_part` wrote of a kind; raises RiskError as the kind does."""
    before = f"{name or kind}."
    with tempfile.TemporaryDirectory() as folder:
        for path in directory.glob(f"{before}*"):
            (Path(folder) / path.name.removeprefix(before)).write_bytes(path.read_bytes())
        return estimator_class(kind).load(Path(folder), feature_names)
