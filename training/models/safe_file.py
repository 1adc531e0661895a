"""Fitted scikit-learn objects as data: skops files, the same bytes for the same object.

A skops file is a zip of a JSON tree and of arrays without pickle. It is read back only if every
type in it is on a fixed list: those of NumPy, SciPy and scikit-learn that skops trusts,
scikit-learn's trees, which are then checked here, and what the kind of model names itself.
Nothing in the file is run, and a type's module is imported only after it was found on that list.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from itertools import count
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

import numpy as np
from skops import io as skops
from skops.io.exceptions import UntrustedTypesFoundException

from features.errors import RiskError
from training.models.finite import require_finite

TREE = "sklearn.tree._tree.Tree"
BOOSTED_TREE = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"
SCHEMA = "schema.json"
_ALLOWED = ("numpy.dtype", TREE, BOOSTED_TREE)
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def to_bytes(fitted: Any) -> bytes:
    """Return the skops file of a fitted object.

    skops numbers objects by their place in memory and dates the file; both are replaced, so that
    one training gives one file.
    """
    with ZipFile(io.BytesIO(skops.dumps(fitted))) as raw:
        content = {name: raw.read(name) for name in raw.namelist()}
    named = {
        name: f"{hashlib.sha256(data).hexdigest()[:32]}.{name.rpartition('.')[2]}"
        for name, data in content.items()
        if name != SCHEMA
    }
    schema = _renumbered(json.loads(content[SCHEMA]), named, count(1))
    files = {SCHEMA: json.dumps(schema, separators=(",", ":")).encode()}
    files |= {named[name]: content[name] for name in sorted(named, key=named.__getitem__)}
    written = io.BytesIO()
    with ZipFile(written, "w") as archive:
        for name, data in files.items():
            archive.writestr(ZipInfo(name, _ZIP_EPOCH), data, compress_type=ZIP_DEFLATED)
    return written.getvalue()


def from_bytes(content: bytes, *, trusted: tuple[str, ...], n_features: int) -> Any:
    """Read what :func:`to_bytes` gave.

    Parameters
    ----------
    content
        The file.
    trusted
        Full names of the types allowed beside the fixed list.
    n_features
        Number of columns that trees in it may read.

    Raises
    ------
    RiskError
        If it is no such file, holds a type that is not allowed, a tree that points outside
        itself, or a leaf that is no number.
    """
    try:
        found = skops.load(io.BytesIO(content), trusted=[*_ALLOWED, *trusted])
    except UntrustedTypesFoundException as error:
        raise RiskError(f"holds types that are not allowed: {error}") from error
    except (
        BadZipFile, KeyError, TypeError, ValueError, AttributeError, ImportError, RecursionError
    ) as error:  # fmt: skip
        raise RiskError(f"is no skops file of this release: {error!r}") from error
    for tree in _trees(found, set()):
        if not _keeps_inside(tree, n_features):
            raise RiskError("holds a tree whose nodes point outside it")
        values = tree.value if hasattr(tree, "value") else tree.nodes["value"]
        require_finite("a tree in it", {"its leaves": values})
    return found


def _renumbered(node: Any, named: dict[str, str], numbers: Iterator[int]) -> Any:
    """Copy of a schema with objects numbered as they come and files named by their content."""
    if isinstance(node, list):
        return [_renumbered(part, named, numbers) for part in node]
    if not isinstance(node, dict):
        return node
    copy: dict[str, Any] = {}
    for name, part in node.items():
        if name == "__id__":
            copy[name] = next(numbers)
        elif name == "file" and isinstance(part, str):
            copy[name] = named[part]
        else:
            copy[name] = _renumbered(part, named, numbers)
    return copy


def _trees(found: Any, seen: set[int]) -> Iterator[Any]:
    """All scikit-learn trees inside an object."""
    if id(found) in seen or isinstance(found, (str, bytes, int, float, type(None))):
        return
    seen.add(id(found))
    if f"{type(found).__module__}.{type(found).__name__}" in (TREE, BOOSTED_TREE):
        yield found
        return
    if isinstance(found, np.ndarray):
        parts = found.ravel().tolist() if found.dtype == object else []
    elif isinstance(found, dict):
        parts = list(found.values())
    elif isinstance(found, (list, tuple, set)):
        parts = list(found)
    else:
        parts = list(getattr(found, "__dict__", {}).values())
    for part in parts:
        yield from _trees(part, seen)


def _keeps_inside(tree: Any, n_features: int) -> bool:
    """Whether nodes come after their parents and read columns there are.

    scikit-learn follows them without looking; a tree of categories is refused, having none.
    """
    if hasattr(tree, "children_left"):
        left, right, features = tree.children_left, tree.children_right, tree.feature
        inner = left != -1
    else:
        nodes = tree.nodes
        left, right = nodes["left"].astype(np.int64), nodes["right"].astype(np.int64)
        features, inner = nodes["feature_idx"], nodes["is_leaf"] == 0
        if nodes["is_categorical"].any():
            return False
    own, size = np.flatnonzero(inner), len(left)
    ends = (left[inner], right[inner])
    follow = all(((side > own) & (side < size)).all() for side in ends)
    read = features[inner]
    return bool(size and follow and ((read >= 0) & (read < n_features)).all())
