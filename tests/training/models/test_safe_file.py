from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from features import RiskError
from training.models.safe_file import SCHEMA, from_bytes, to_bytes

ROWS = np.random.default_rng(0).normal(size=(80, 4))
Y = (ROWS[:, 3] > 0).astype(np.int8)
FOREST = RandomForestClassifier(n_estimators=3, random_state=0)


def edited(content: bytes, change: tuple[str, str]) -> bytes:
    with ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    was, now = change
    files[SCHEMA] = files[SCHEMA].replace(was.encode(), now.encode())
    written = io.BytesIO()
    with ZipFile(written, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return written.getvalue()


@pytest.mark.parametrize(
    "classifier",
    [
        FOREST,
        HistGradientBoostingClassifier(max_iter=5),
        make_pipeline(SimpleImputer(), LogisticRegression()),
    ],
)
def test_one_training_gives_one_file_that_reads_back(classifier: object) -> None:
    fitted = classifier.fit(ROWS, Y)  # type: ignore[attr-defined]
    again = classifier.fit(ROWS, Y)  # type: ignore[attr-defined]
    content = to_bytes(fitted)
    assert content == to_bytes(again)
    found = from_bytes(content, trusted=(), n_features=4)
    np.testing.assert_array_equal(found.predict_proba(ROWS), fitted.predict_proba(ROWS))


def test_other_types_are_never_made(tmp_path: Path) -> None:
    content = to_bytes(FOREST.fit(ROWS, Y))
    marker = tmp_path / "ran"
    (tmp_path / "bad.py").write_text(f"open({str(marker)!r}, 'w')\nclass RandomForest: pass\n")
    named = json.dumps("sklearn.ensemble._forest")
    with pytest.raises(RiskError, match=r"types that are not allowed.*bad\."):
        from_bytes(edited(content, (named, '"bad"')), trusted=(), n_features=4)
    assert not marker.exists()
    with pytest.raises(RiskError, match="is no skops file"):
        from_bytes(b"pickle", trusted=(), n_features=4)


def test_trees_that_read_columns_there_are_not_are_refused() -> None:
    for classifier in (FOREST, HistGradientBoostingClassifier(max_iter=5)):
        content = to_bytes(classifier.fit(ROWS, Y))
        with pytest.raises(RiskError, match="nodes point outside it"):
            from_bytes(content, trusted=(), n_features=1)


@pytest.mark.parametrize("classifier", [FOREST, HistGradientBoostingClassifier(max_iter=5)])
def test_leaves_that_are_no_numbers_are_refused(classifier: Any) -> None:
    fitted = classifier.fit(ROWS, Y)
    if hasattr(fitted, "estimators_"):
        fitted.estimators_[1].tree_.value[-1] = np.nan
    else:
        fitted._predictors[1][0].nodes["value"][-1] = np.nan
    with pytest.raises(RiskError, match="weights of its leaves are not finite"):
        from_bytes(to_bytes(fitted), trusted=(), n_features=4)
