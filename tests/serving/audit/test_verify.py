"""What a check of the chain says of every way to falsify it, and what is exported."""

import csv
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

import walletrisk
from serving.audit.asker import Asker
from serving.audit.chain import Chain, Head
from serving.audit.entries import Happening
from serving.audit.export import Wanted, chosen
from serving.audit.ids import new_id
from serving.audit.packing import pack
from serving.audit.segments import PACKED, PLAIN, Segment
from serving.audit.upkeep import note_into, prune
from serving.audit.verify import verify
from tests import pages

NOW_US = 1_795_000_000_000_000


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    """Twelve records, a second apart, in four segments."""
    made = Chain(tmp_path / "ledger.audit", segment_bytes=2_000)
    for number in range(12):
        at_us = NOW_US + number * 1_000_000
        facts = {"n": number, "wallet": f"w{number % 3}", "text": "x" * 500}
        who = Asker("=desk" if number % 2 else "api", "", "")
        made.append([Happening(new_id(at_us // 1000), at_us, "test", who, facts).members()])
    yield made
    made.close()


def edited(segment: Segment, change: Callable[[list[bytes]], list[bytes]]) -> None:
    path = segment.path(PLAIN)
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


def test_a_whole_chain_is_whole_packed_or_not(chain: Chain) -> None:
    before = verify(chain.folder, heads=[chain.head])
    pack(chain.segments[0])
    pack(chain.segments[2])
    assert verify(chain.folder, heads=[chain.head]) == before
    assert (before.records, before.first, before.head, before.broken) == (12, 1, chain.head, None)


@pytest.mark.parametrize(
    ("segment", "change", "number", "why"),
    [
        (1, lambda held: [held[0], held[1].replace(b'"n": 4', b'"n": 9'), held[2]], 5, "not what"),
        (1, lambda held: [held[0], held[2]], 5, "record 6 stands in its place"),
        (1, lambda held: [held[1], held[0], held[2]], 4, "record 5 stands in its place"),
        (1, lambda held: [held[0], held[0], *held[1:]], 5, "record 4 stands in its place"),
        (1, lambda held: held[:2], 6, "record 7 stands in its place"),
        (1, lambda held: [*held[:2], held[2][:-40]], 6, "not what"),
        (1, lambda held: [], 4, "record 7 stands in its place"),
        (3, lambda held: [b"", held[1], held[2]], 10, "record 11 stands in its place"),
    ],
)
def test_the_first_broken_record_is_named(
    chain: Chain, segment: int, change: Callable[[list[bytes]], list[bytes]], number: int, why: str
) -> None:
    edited(chain.segments[segment], change)
    done = verify(chain.folder)
    assert done.broken is not None
    assert done.broken.number == number
    assert why in done.broken.why
    assert f"BROKEN at record {number}" in done.text()


def test_a_rewritten_chain_is_known_by_a_noted_head(chain: Chain, tmp_path: Path) -> None:
    forged = Chain(tmp_path / "forged", segment_bytes=2_000)
    for line in chosen(chain.folder, Wanted()):
        members = line.record.split(b",", 2)[2][:-1].replace(b'"n": 4', b'"n": 9')
        forged.append([members])
    forged.close()
    assert verify(forged.folder).broken is None
    done = verify(forged.folder, heads=[chain.head])
    assert done.broken is not None
    assert (done.broken.number, done.broken.why[:8]) == (12, "its hash")


def test_a_chain_that_was_cut_off_is_known_by_a_noted_head(chain: Chain) -> None:
    edited(chain.segments[3], lambda held: held[:1])
    assert verify(chain.folder).broken is None
    done = verify(chain.folder, heads=[chain.head])
    assert done.broken is not None
    assert "ends at 10, and record 12 was noted" in done.broken.why


def test_a_torn_tail_is_no_break(chain: Chain) -> None:
    os.truncate(chain.segments[3].path(PLAIN), chain.segments[3].path(PLAIN).stat().st_size - 5)
    done = verify(chain.folder)
    assert (done.records, done.broken) == (11, None)
    assert done.torn_bytes > 500


def test_records_that_are_gone_are_a_break_unless_the_chain_says_so(chain: Chain) -> None:
    held = chain.segments[0].path(PLAIN).read_bytes()
    chain.segments[0].path(PLAIN).unlink()
    done = verify(chain.folder)
    assert done.broken is not None
    assert "records up to 3 are gone" in done.broken.why
    chain.segments[0].path(PLAIN).write_bytes(held)
    prune(chain, NOW_US // 1000 + 7_000, note_into(chain))
    done = verify(chain.folder, heads=[Head(1, "0" * 64), chain.head])
    assert (done.broken, done.first, done.head) == (None, 7, chain.head)
    chain.segments[0].path(PLAIN).unlink()  # more than was noted
    assert verify(chain.folder).broken is not None


def command(*words: str | Path) -> int:
    return walletrisk.run(["audit", *map(str, words)])


def test_verify_says_so_by_its_exit_code(
    chain: Chain, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    head = f"{chain.head.number}:{chain.head.hash}"
    assert command("verify", "--ledger", tmp_path / "ledger", "--head", head, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["records"], told["head"], told["broken"]) == (12, head, None)
    edited(chain.segments[1], lambda held: held[1:])
    assert command("verify", "--audit", chain.folder) == 1
    assert "BROKEN at record 4" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["verify"], "name the ledger"),
        (["verify", "--audit", "nowhere"], "is no folder of an audit"),
        (["verify", "--ledger", "LEDGER", "--head", "12"], "not of the form NUMBER:HASH"),
        (["export", "--ledger", "LEDGER", "--to", "x.xlsx"], "allowed are .ndjson"),
        (["export", "--ledger", "LEDGER", "--to", "x.csv", "--since", "May"], "no time with"),
        (["prune", "--ledger", "LEDGER", "--before", "2026-01-01"], "no time with an offset"),
        (
            ["prune", "--ledger", "LEDGER", "--before", "2026-01-01T00:00:00Z"],
            "one process at a time",
        ),
    ],
)
def test_mistakes_are_one_line(
    chain: Chain, words: list[str], says: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert command(*(word.replace("LEDGER", str(tmp_path / "ledger")) for word in words)) == 2
    assert says in capsys.readouterr().err


def test_records_are_exported_by_time_wallet_and_caller(chain: Chain, tmp_path: Path) -> None:
    for segment in chain.segments[:2]:
        pack(segment)
    assert chain.segments[0].path(PACKED).exists()
    whole, some, table = (tmp_path / f"x{ending}" for ending in (".ndjson", ".csv", ".parquet"))
    assert command("export", "--audit", chain.folder, "--to", whole) == 0
    raw = (line for segment in chain.segments for line in segment.raw_lines())
    assert whole.read_bytes() == b"".join(raw)
    since, until = (pd.Timestamp(NOW_US + n * 1_000_000, unit="us", tz="UTC") for n in (2, 9))
    span = ["--since", since.isoformat(), "--until", until.isoformat()]
    assert command("export", "--audit", chain.folder, "--to", some, *span, "--caller", "=desk") == 0
    with some.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["number"] for row in rows] == ["4", "6", "8"]
    assert {row["caller"] for row in rows} == {"'=desk"}  # no formula of a spreadsheet
    assert command("export", "--audit", chain.folder, "--to", table, "--wallet", "w1") == 0
    frame = pd.read_parquet(table)
    assert frame["number"].tolist() == [2, 5, 8, 11]
    assert set(frame["wallet"]) == {"w1"}


def test_the_commands_of_the_page_do_what_they_say(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain.close()
    page = (pages.ROOT / "serving" / "audit" / "README.md").read_text()
    lines = pages.commands(pages.blocks(page, ""))
    assert [line[:2] for line in lines] == [
        ["audit", "verify"], ["audit", "export"], ["audit", "export"], ["audit", "prune"],
    ]  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert [walletrisk.run(line) for line in lines] == [0, 0, 0, 0]
    assert (tmp_path / "january.csv").exists()


def test_prune_removes_what_is_old(
    chain: Chain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chain.close()
    before = pd.Timestamp(NOW_US + 7_000_000, unit="us", tz="UTC").isoformat()
    assert command("prune", "--ledger", tmp_path / "ledger", "--before", before) == 0
    assert "records up to 6 are removed" in capsys.readouterr().out
    assert verify(chain.folder).broken is None
