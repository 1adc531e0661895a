"""What is said of the labels that features read."""

from pathlib import Path

import pandas as pd
import pytest

from features.sources.files import read_labels
from features.sources.known import read_known


def test_labels_of_category_other_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "labels.csv"

    def said(categories: list[str]) -> str:
        table = pd.DataFrame(
            {"category": categories, "label": "illicit", "known_at": "2026-01-01Z"}
        )
        table.assign(wallet=[f"w{k}" for k in table.index]).to_csv(file, index=False)
        known = read_known(file)
        assert known is not None
        pd.testing.assert_frame_equal(known, read_labels(file))
        captured = capsys.readouterr()
        assert captured.out == ""
        return captured.err

    assert said(["mixer", "Crypto.com", "other"]) == ""
    assert said(["gaming", "mixer", "dodgy", "gaming"]) == (
        "labels: 3 of category other: gaming (2), dodgy (1)\n"
    )
    assert said([*"fedcba", "two\nlines"]) == (
        "labels: 7 of category other: a (1), b (1), c (1), d (1), e (1), ...\n"
    )
    assert said(["two\nlines", "long " * 20]) == (
        f"labels: 2 of category other: {'long ' * 7}[...] (1), two lines (1)\n"
    )
    assert read_known(None) is None
