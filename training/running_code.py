"""Which code a logged model runs on: its own, and never that of another model.

A logged model carries ``features`` and ``training`` in its folder ``code``, which MLflow puts on
the import path, because no index has them. Python imports a package once in a process, so a second
model would run on the code of the first, without a word: here it is told.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import features
import training
from training.manifest import ModelError

PACKAGES = (features, training)
CODE = "code"
_MARK = "MLmodel"  # stands beside the code of a logged model, and of nothing else


def copy_code(directory: Path) -> list[Path]:
    """Copy the sources of the packages that a model needs; return where each is now."""
    copies = []
    for package in PACKAGES:
        source = _root(package) / package.__name__
        sources_only = shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc", "*.so")
        copies.append(
            Path(shutil.copytree(source, directory / package.__name__, ignore=sources_only))
        )
    return copies


def code_hash(root: Path) -> str:
    """Return the sha256 of the sources of the packages below a folder, names and contents."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted((root / package.__name__).rglob("*.py")):
            content = path.read_bytes()
            digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode())
            digest.update(content)
    return digest.hexdigest()


def running_hash() -> str:
    """Return :func:`code_hash` of the code that runs."""
    return code_hash(_root(training))


def check_code(own: Path) -> None:
    """Refuse to run a logged model on the code that came with another one.

    Parameters
    ----------
    own
        Folder of the code that was logged with the model. Code that is installed, or a checkout,
        may run every model: its folder says which views it needs, and is refused for others.

    Raises
    ------
    ModelError
        If this process runs the code of another logged model, or a mixture, and it differs.
    """
    running = {_root(package) for package in PACKAGES}
    if running == {own.resolve()} or not any((root.parent / _MARK).is_file() for root in running):
        return
    if len({code_hash(root) for root in {own.resolve(), *running}}) > 1:
        raise ModelError(
            f"this process runs the code in {', '.join(map(str, sorted(running)))}, and the model "
            f"was logged with other code, {own}: load it in a process of its own"
        )


def _root(package: object) -> Path:
    return Path(str(getattr(package, "__file__", ""))).resolve().parents[1]
