"""The commands of keys."""

import json
import stat
from pathlib import Path

import pytest

from features import RiskError
from serving.server import run as serve
from tests.pages import ROOT, blocks, commands, run_commands
from tests.serving.conftest import World, settings
from walletrisk import run


def said(capsys: pytest.CaptureFixture[str], *line: str) -> str:
    assert run(["keys", *line]) == 0
    return capsys.readouterr().out


def test_a_key_is_made_listed_replaced_and_ended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ("--ledger", str(tmp_path / "ledger"))
    assert said(capsys, "list", *at) == "no keys\n"
    made = said(capsys, "create", "deposits", "--scope", "score,write", "--expires", "90d", *at)
    key, told, *_ = made.splitlines()
    assert key.startswith("wrk_")
    assert "of deposits: score, write; it is not shown again" in told
    line = ("rotate", "deposits", "--keep", "12h", "--json", *at)
    second = json.loads(said(capsys, *line))
    assert second["key"] != key
    listed = [json.loads(one) for one in said(capsys, "list", "--json", *at).splitlines()]
    assert [one["state"] for one in listed] == ["live", "live"]
    assert all("key" not in one and one["expires_at"] for one in listed)
    assert second["id"] in said(capsys, "revoke", "deposits", *at)
    shown = said(capsys, "list", *at)
    assert shown.count("revoked") == 2
    assert key not in shown


def test_a_key_goes_into_a_file_that_its_owner_alone_reads(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, at = tmp_path / "key", ("--ledger", str(tmp_path / "ledger"))
    line = ("create", "prometheus", "--scope", "monitor", "--out", str(file), *at)
    assert "wrk_" not in said(capsys, *line)
    assert file.read_text().startswith("wrk_")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run(["keys", *line]) == 2  # the file is there
    assert "exists" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (("create", "a b", "--scope", "score"), "a name has 1 to 64"),
        (("create", "a", "--scope", "fly"), "'fly' is no scope: score, write, review, admin"),
        (("create", "a", "--scope", "score", "--expires", "soon"), "no length of time"),
        (("create", "a", "--scope", "score", "--expires", "0d"), "no length of time"),
        (("create", "a"), "Missing option '--scope'"),
        (("rotate", "a"), "has 0 live keys"),
        (("revoke", "a"), "no live key has the name or id 'a'"),
    ],
)
def test_a_mistake_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: tuple[str, ...], message: str
) -> None:
    assert run(["keys", *line, "--ledger", str(tmp_path / "ledger")]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "risk.example", ""])
def test_the_door_is_open_on_this_machine_only(world: World, tmp_path: Path, host: str) -> None:
    with pytest.raises(RiskError, match="--no-keys opens the endpoint to whoever"):
        serve(settings(world, tmp_path), host=host, announce=pytest.fail)


def test_the_examples_of_the_page_run(tmp_path: Path) -> None:
    page = (ROOT / "serving" / "access" / "README.md").read_text()
    run_commands(commands(blocks(page, "sh")), tmp_path)
    assert (tmp_path / "prometheus.key").exists()
