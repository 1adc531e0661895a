"""The examples of the page on Bitcoin do what they say."""

import shlex
import shutil
from pathlib import Path

import pytest

import walletrisk
from tests.pages import blocks

ROOT = Path(walletrisk.__file__).parent
PAGE = (ROOT / "features" / "sources" / "bitcoin" / "README.md").read_text()
DATA = ROOT / "tests" / "data" / "bitcoin"
FILES = {
    "blk00000.dat": "blocks_1_255.dat",
    "transactions.json": "bitcoin_etl_50001_50002.json",
}


def test_the_commands_run_and_print_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, real in FILES.items():
        shutil.copy(DATA / real, name)
    lines = [shlex.split(line) for block in blocks(PAGE, "sh") for line in block.splitlines()]
    assert len(lines) == 6
    for line in lines:
        assert line[0] == "walletrisk"
        assert walletrisk.run(line[1:]) == 0, line
    (shown,) = blocks(PAGE, "text")
    assert capsys.readouterr().out.endswith(shown)
