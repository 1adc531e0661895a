"""The chain on disk: what is whole after a crash, packed, removed, and what is found in it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from features.errors import RiskError
from serving.audit.asker import Asker
from serving.audit.chain import Chain
from serving.audit.entries import Happening
from serving.audit.errors import AuditError, BrokenChainError
from serving.audit.ids import new_id
from serving.audit.packing import pack
from serving.audit.segments import INDEX, PACKED, PLAIN, segments_of
from serving.audit.upkeep import prune

WHO = Asker("desk", "/v1/wallets/score", "request")
NOW_US = 1_795_000_000_000_000


def members(number: int, *, at_us: int = 0, text: str = "x" * 500) -> bytes:
    at_us = at_us or NOW_US + number * 1_000_000
    return Happening(
        new_id(at_us // 1000), at_us, "test", WHO, {"n": number, "text": text}
    ).members()


def ids(chain: Chain) -> list[str]:
    raw = (line for segment in chain.segments for line in segment.raw_lines())
    return [json.loads(line)["record"]["id"] for line in raw]


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    """Twelve records in four segments."""
    made = Chain(tmp_path / "audit", segment_bytes=2_000)
    for number in range(12):
        made.append([members(number)])
    yield made
    made.close()


def reopened(chain: Chain) -> Chain:
    chain.close()
    return Chain(chain.folder, segment_bytes=2_000)


def plain(chain: Chain, place: int) -> Path:
    return chain.segments[place].path(PLAIN)


def test_records_are_numbered_and_hashed_over_segments(chain: Chain) -> None:
    assert [segment.first for segment in chain.segments] == [1, 4, 7, 10]
    content = [json.loads(line) for one in chain.segments for line in one.raw_lines()]
    assert [one["record"]["number"] for one in content] == list(range(1, 13))
    assert [one["record"]["previous"] for one in content[1:]] == [
        one["hash"] for one in content[:-1]
    ]
    assert chain.head == (12, content[-1]["hash"])


def test_a_chain_goes_on_where_it_ended(chain: Chain) -> None:
    head = chain.head
    again = reopened(chain)
    assert (again.head, again.torn_bytes) == (head, 0)
    again.append([members(12), members(13)])
    assert (again.head.number, len(ids(again))) == (14, 14)
    again.close()


@pytest.mark.parametrize("cut", [1, 100, 650])
def test_a_torn_tail_is_cut_and_said(chain: Chain, cut: int) -> None:
    size = plain(chain, -1).stat().st_size
    os.truncate(plain(chain, -1), size - cut)
    again = reopened(chain)
    assert again.head.number == 11
    assert 0 < again.torn_bytes < size
    again.append([members(50)])
    assert again.head.number == 12
    assert len(ids(again)) == 12
    again.close()


def test_a_segment_whose_first_record_is_torn_leaves_the_one_before(chain: Chain) -> None:
    os.truncate(plain(chain, -1), 30)
    again = reopened(chain)
    assert (again.head.number, again.torn_bytes, len(again.segments)) == (9, 30, 3)
    again.append([members(50)])
    assert [one.first for one in again.segments] == [1, 4, 7, 10]
    again.close()


def test_a_changed_record_is_no_torn_tail(chain: Chain) -> None:
    path = plain(chain, -1)
    path.write_bytes(
        path.read_bytes().replace(b'"n":9', b'"n":8', 1).replace(b'"n": 9', b'"n": 8', 1)
    )
    with pytest.raises(BrokenChainError, match=r"record 10 .* was changed"):
        reopened(chain)


def test_a_removed_record_is_no_torn_tail(chain: Chain) -> None:
    path = plain(chain, -1)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[::2]))
    with pytest.raises(BrokenChainError, match="record 11"):
        reopened(chain)


def test_one_process_writes(chain: Chain) -> None:
    with pytest.raises(RiskError, match="one process at a time may"):
        Chain(chain.folder)


def test_every_record_is_found_packed_or_not(chain: Chain) -> None:
    every = ids(chain)
    before = [chain.find(id_) for id_ in every]
    sizes = sum(one.path(PLAIN).stat().st_size for one in chain.segments[:3])
    for segment in chain.segments[:3]:
        pack(segment)
    assert [chain.find(id_) for id_ in every] == before
    assert None not in before
    assert ids(chain) == every
    assert sum(one.path(PACKED).stat().st_size for one in chain.segments[:3]) < sizes
    assert chain.find(new_id(NOW_US // 1000)) is None
    chain.segments[1].path(INDEX).unlink()
    assert [chain.find(id_) for id_ in every] == before
    again = reopened(chain)
    assert [again.find(id_) for id_ in every] == before
    again.close()


def test_a_packing_that_was_cut_off_begins_again(chain: Chain) -> None:
    path = plain(chain, 3)
    held = path.read_bytes()
    pack(chain.segments[3])
    path.write_bytes(held)  # as if killed before the plain one went
    every = ids(chain)
    again = reopened(chain)
    assert (again.head.number, ids(again)) == (12, every)
    again.append([members(12)])
    assert again.head.number == 13
    again.close()


def test_a_full_disk_leaves_no_half_packed_segment(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("numpy.save", full)
    with pytest.raises(OSError, match="No space left"):
        pack(chain.segments[0])
    assert plain(chain, 0).exists()
    assert not list(chain.folder.glob("*.part"))
    assert not list(chain.folder.glob("*.zst"))


def test_a_write_that_failed_leaves_nothing(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    head = chain.head
    real = os.write

    def half(handle: int, data: Any) -> int:
        if len(data) > 700:
            return real(handle, bytes(data)[:600])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", half)
        with pytest.raises(OSError, match="No space left"):
            chain.append([members(12), members(13)])
    assert chain.head == head
    chain.append([members(12), members(13)])
    assert chain.head.number == 14
    again = reopened(chain)
    assert (again.head.number, again.torn_bytes) == (14, 0)
    again.close()


@pytest.mark.parametrize("how", ["deleted", "replaced", "grown"])
def test_a_file_that_was_changed_by_another_is_written_no_more(chain: Chain, how: str) -> None:
    path = plain(chain, -1)
    if how == "grown":
        path.write_bytes(path.read_bytes() + b"more")
    else:
        held = path.read_bytes()
        path.unlink()
        if how == "replaced":
            path.write_bytes(held)
    with pytest.raises(AuditError, match=r"start again"):
        chain.append([members(12)])


def test_pruning_keeps_the_last_and_notes_where_the_rest_begins(chain: Chain) -> None:
    noted: list[dict[str, Any]] = []

    def note(kind: str, facts: Any) -> None:
        noted.append({"kind": kind, **facts})
        chain.append([members(99, at_us=NOW_US + 99_000_000)])

    before_ms = NOW_US // 1000 + 7_000
    third = next(iter(chain.segments[2].raw_lines()))
    assert prune(chain, before_ms, note) == (6, json.loads(third)["record"]["previous"])
    assert noted[0]["until"] == 6
    assert [one.first for one in chain.segments][:2] == [7, 10]
    assert [one.first for one in segments_of(chain.folder)] == [one.first for one in chain.segments]
    assert prune(chain, before_ms, note) is None
    prune(chain, NOW_US, note)
    assert chain.segments


def test_a_clock_that_is_set_back_hides_no_record(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = (NOW_US // 1000 + 10**11) * 1_000_000  # ns, three years
    monkeypatch.setattr("serving.audit.chain.time.time_ns", lambda: ahead)
    first = chain.new_id()
    chain.append([Happening(first, ahead // 1000, "test", WHO, {}).members()])
    monkeypatch.setattr("serving.audit.chain.time.time_ns", lambda: NOW_US * 1000)
    later = [chain.new_id() for _ in range(8)]
    for id_ in later:
        chain.append([Happening(id_, NOW_US, "test", WHO, {"text": "x" * 900}).members()])
    for segment in chain.segments[:-1]:
        pack(segment)
    assert all(chain.find(id_) for id_ in [first, *later])
    again = reopened(chain)
    assert all(again.find(id_) for id_ in [first, *later])
    again.close()


def test_files_are_for_their_owner_alone(chain: Chain) -> None:
    pack(chain.segments[0])
    assert chain.folder.stat().st_mode & 0o077 == 0
    assert not any(path.stat().st_mode & 0o077 for path in chain.folder.iterdir())
