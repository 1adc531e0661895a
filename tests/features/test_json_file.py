"""Whatever stands in the place of a JSON file is told in one line, and nothing is waited for."""

import os
from pathlib import Path

import pytest

from features import RiskError
from features.json_file import read_json, read_regular


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no JSON"),
        (b"{", "is no JSON"),
        (b"\xff", "is no JSON: 'utf-8' codec"),
        (b"[" * 100_000, "is nested too deeply"),
        (b'{"a":' * 100_000, "is nested too deeply"),
    ],
)
def test_what_is_no_json_is_told(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(RiskError, match=message) as told:
        read_json(path)
    assert "\n" not in str(told.value)


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "link"):
        with pytest.raises(RiskError, match="is no regular file"):
            read_json(path)
    with pytest.raises(RiskError, match="none: No such file"):
        read_json(tmp_path / "none")


def test_size_is_bounded(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert read_regular(tmp_path / "a", 5) == b"12345"
    with pytest.raises(RiskError, match="has more than 4 bytes"):
        read_regular(tmp_path / "a", 4)
