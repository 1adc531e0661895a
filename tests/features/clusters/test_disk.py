"""Clusters in a file, and the commands on them."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import walletrisk
from features.clusters import Clusters, Spends
from features.errors import ClustersError

BLOCKS = Path(__file__).parents[2] / "data" / "bitcoin" / "blocks_1_255.dat"
ETL = Path(__file__).parents[2] / "data" / "bitcoin" / "bitcoin_etl_50001_50002.json"
TOGETHER = ("1DoQeKfU3dYhN9bxMpFFcVUnufCPDqSPae", "1PZMgkF2x161qvfP7dhoWSEEU3SjnQE1m9")


def call(*arguments: str | Path) -> int:
    return walletrisk.run([str(argument) for argument in arguments])


def some() -> Clusters:
    clusters = Clusters()
    ids = pa.array(["t1", "t2"], pa.large_string())
    spends = Spends(ids, np.array([7, 5]), np.array([0, 2, 5]), np.array([2, 0, 1, 3, 2], np.int32))
    clusters.append(["d", "c", "b", "a"], spends)
    return clusters


@pytest.mark.parametrize("made", [Clusters, some])
def test_what_was_saved_is_opened(made: type[Clusters], tmp_path: Path) -> None:
    path = tmp_path / "clusters.arrow"
    made().save(path)
    opened = Clusters.open(path)
    opened.save(path)  # over the file that it was read from
    for clusters in (opened, Clusters.open(path)):
        for wallet in "abcd":
            for instant in (5, 6, 8):
                assert clusters.members(wallet, instant) == made().members(wallet, instant)
        assert clusters.spends.tx_id == made().spends.tx_id
    assert [each.name for each in tmp_path.iterdir()] == ["clusters.arrow"]


def test_added_spends_are_found_after_opening(tmp_path: Path) -> None:
    path = tmp_path / "clusters.arrow"
    some().save(path)
    clusters = Clusters.open(path)
    one = Spends(
        pa.array(["t3"], pa.large_string()),
        np.array([6]),
        np.array([0, 2]),
        np.array([0, 1], np.int32),
    )
    clusters.append(["e", "a"], one)
    clusters.save(path)
    assert Clusters.open(path).members("e", 7) == ["a", "b", "c", "e"]
    assert Clusters.open(path).members("e", 8) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("content", [b"", b"ARROW1\0\0", b"wallet,owner\n"])
def test_files_of_something_else_are_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "clusters.arrow"
    path.write_bytes(content)
    with pytest.raises(ClustersError, match=r"clusters.arrow cannot be read as clusters"):
        Clusters.open(path)


def test_an_arrow_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.arrow"
    table = pa.table({"a": [1]})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(ClustersError, match="holds no clusters of this version"):
        Clusters.open(path)


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(ClustersError, match=r"were not saved: .*No such file"):
        some().save(tmp_path / "no" / "clusters.arrow")


def test_the_commands_add_show_and_raise_alarm(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, owners = tmp_path / "clusters.arrow", tmp_path / "owners.csv"
    owners.write_text(f"wallet,owner\n{TOGETHER[0]},Alpha\n{TOGETHER[1]},Beta\n")
    add = ("clusters", "add", "--to", path, "--json", "--format")
    assert call(*add, "bitcoin-blocks", BLOCKS) == 0
    assert call(*add, "bitcoin-etl", ETL) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert second["added"] == 1
    assert second["wallets"] == first["wallets"] + 2
    show = ("clusters", "show", TOGETHER[0], "--clusters", path, "--json", "--as-of")
    assert call(*show, "2010-04-10T16:31:40Z") == 0  # the instant of the block
    assert call(*show, "2010-04-10T16:31:41Z") == 0
    before, after = map(json.loads, capsys.readouterr().out.splitlines())
    assert before["members"] == [TOGETHER[0]]
    assert after["members"] == sorted(TOGETHER)
    assert call("clusters", "alarms", "--clusters", path, "--owners", owners) == 0
    assert "Alpha (1 wallets) and Beta (1)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("wallet,name\na,b\n", "has no column owner"),
        ("wallet,owner\na,\n", "1 rows lack a wallet or an owner"),
        ("wallet,owner\na,b\na,c\n", "wallet 'a' has two owners"),
    ],
)
def test_owners_that_do_not_say_one_are_refused(
    content: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, owners = tmp_path / "clusters.arrow", tmp_path / "owners.csv"
    some().save(path)
    owners.write_text(content)
    assert call("clusters", "alarms", "--clusters", path, "--owners", owners) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("command", ["add", "show", "spread", "deposits", "alarms"])
def test_help_of_clusters_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("clusters", command, "--help") == 0
    assert f"Example: walletrisk clusters {command}" in " ".join(capsys.readouterr().out.split())
