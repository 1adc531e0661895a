"""The examples of the page on sources do what it says."""

import re
import shlex
from pathlib import Path

import pytest

import walletrisk
from tests.pages import blocks

PAGE = (Path(walletrisk.__file__).parent / "features" / "sources" / "README.md").read_text()
FILES = re.findall(r"`([\w.]+)`[^`]*:\n\n```csv\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE)
CALLS = re.findall(
    r"^```sh\n(walletrisk .*?)\n```\n\n```text\n(.*?)^```", PAGE, flags=re.DOTALL | re.MULTILINE
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of the page, where its commands run."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILES:
        Path(name).write_text(text)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_commands_print_what_the_page_shows(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(FILES) >= 2
    assert len(CALLS) >= 2
    for line, shown in CALLS:
        assert walletrisk.run(shlex.split(line)[1:]) == 0
        assert capsys.readouterr().out == shown


def test_python_of_the_page_runs() -> None:
    (code,) = blocks(PAGE, "python")
    exec(code, {})
