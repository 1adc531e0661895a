from pathlib import Path

import pytest

from tests.cli.calls import TRANSFERS


@pytest.fixture
def transfers(tmp_path: Path) -> Path:
    """A file of three transfers."""
    file = tmp_path / "transfers.csv"
    file.write_text(TRANSFERS)
    return file
