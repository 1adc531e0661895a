"""Names: strings by number and numbers by string."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import Ledger
from features.contracts.text import as_text
from features.kernel import UInt64s, string_hash, text_hashes
from features.ledger.names import Names, by_hash
from tests.naive.past import text_hash
from tests.strategies import transfers

TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


@given(st.lists(TEXTS, max_size=20))
def test_hash_is_that_of_the_slow_twin(texts: list[str]) -> None:
    expected = [text_hash(text) for text in texts]
    assert text_hashes(as_text(texts)).tolist() == expected
    assert [string_hash(text) for text in texts] == expected


def test_hash_is_the_same_for_ever() -> None:
    assert string_hash("a") == 9417481573473063714  # saved ledgers hold hashes


def test_hash_reads_slices_and_chunks() -> None:
    text = as_text(["x", "yy", "zzz"])
    assert text_hashes(text[1:]).tolist() == text_hashes(text).tolist()[1:]
    chunked = pd.concat([pd.Series(["x"]), pd.Series(["yy", "zzz"])])
    assert isinstance(pa.array(chunked), pa.ChunkedArray)
    assert text_hashes(as_text(chunked)).tolist() == text_hashes(text).tolist()


@given(st.lists(TEXTS, unique=True, max_size=20), st.lists(TEXTS, unique=True, max_size=20))
def test_names_are_found_whether_saved_or_recent(saved: list[str], asked: list[str]) -> None:
    names, row = by_hash(as_text(saved))
    recent = [name for name in asked[::2] if name not in saved]
    names.extend(recent)
    assert len(names) == len(saved) + len(recent)
    added = range(len(saved), len(names))
    place = dict(zip([*saved, *recent], [*row.tolist(), *added], strict=True))
    everything = [*saved, *asked]
    expected = [place.get(name, -1) for name in everything]
    assert names.first_rows(everything).tolist() == expected
    assert [names.first_row(name) for name in everything] == expected
    assert [names.rows(name) for name in everything] == [[r] if r >= 0 else [] for r in expected]
    assert all(names[at] == name for name, at in place.items())
    assert names.texts(np.array(list(place.values()), dtype=np.int64)) == list(place)
    assert names.all_text().to_pylist() == [names[at] for at in range(len(names))]


def test_rows_lists_repeats_in_order() -> None:
    text = as_text(["t", "t", "u"])
    hashes = text_hashes(text)
    order = np.argsort(hashes, kind="stable")
    names = Names(text.take(order), hashes[order])
    names.extend(["t"])
    found = names.rows("t")
    assert len(found) == 3
    assert [names[row] for row in found] == ["t"] * 3


ONE_HASH = 77


@pytest.fixture
def colliding(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of one hash, as someone would choose them; texts that begin with an x have another."""

    def coarse(text: "pa.LargeStringArray | pa.ChunkedArray[Any]") -> UInt64s:
        texts = [str(one) for one in text.to_pylist()]
        found = [99 if one.startswith("x") else ONE_HASH for one in texts]
        return np.array(found, dtype=np.uint64)

    def place(hashes: UInt64s, name: str) -> int:
        found = np.flatnonzero(hashes == coarse(as_text([name]))[0])
        return int(found[0]) if found.size else -1

    for module in ("ledger.names", "ledger.growth", "contracts.transfers"):
        monkeypatch.setattr(f"features.{module}.text_hashes", coarse)
    monkeypatch.setattr("features.ledger.names.hash_place", place)
    return [f"w{number * 7919 % 1000}" for number in range(1000)]


def test_names_of_one_hash_are_found_in_few_steps(
    colliding: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    texts = Names.__getitem__

    def counted(names: Names, row: int) -> str:
        read.append(row)
        return texts(names, row)

    names, row = by_hash(as_text([*colliding, "x1"]))
    monkeypatch.setattr(Names, "__getitem__", counted)
    assert [names.first_row(name) for name in [*colliding, "x1"]] == row.tolist()
    assert [names.first_row(name) for name in ("v", "w", "wx", "w9999", "x2", "y")] == [-1] * 6
    assert len(read) < 12 * 1007  # halving a thousand takes ten
    assert names.first_rows([*colliding, "v", "x1", "x2"]).tolist() == [
        *row[:-1].tolist(), -1, row[-1], -1,
    ]  # fmt: skip
    assert len(read) < 2 * 12 * 1007


def test_ids_of_one_hash_are_told_apart(colliding: list[str]) -> None:
    text = as_text(["w1", "w2", "w1", "x1"])
    names = Names(text, np.array([ONE_HASH, ONE_HASH, ONE_HASH, 99], dtype=np.uint64))
    names.extend(["w2", "w3"])
    assert names.rows("w1") == [0, 2]
    assert names.rows("w2") == [1, 4]
    assert names.rows("w3") == [5]
    assert names.rows("w4") == []
    assert names.may_hold(["w1", "w3", "w4", "x1"]).tolist() == [True] * 4  # or one of that hash


@pytest.mark.usefixtures("colliding")
def test_a_ledger_of_names_that_collide_is_one_like_any_other() -> None:
    rows = [(second % 7, f"w{second % 5}", f"w{second % 3}", 1.0) for second in range(60)]
    built = Ledger.from_transfers(transfers(rows))
    grown = Ledger.from_transfers(transfers(rows).iloc[:20])
    grown.append(transfers(rows))
    assert grown.append(transfers(rows)) == 0
    grown.retract(["t59"])
    assert built.n_transfers == 60
    assert grown.n_transfers == 59
    assert sorted(built.wallets.texts(np.arange(5))) == [f"w{number}" for number in range(5)]


@pytest.mark.parametrize("asked", [["a", "b", "c"], ["c", "b", "a"]])
def test_equality_decides_where_hashes_collide(asked: list[str]) -> None:
    text = as_text(["a", "b"])
    names = Names(text, np.full(2, string_hash("b"), dtype=np.uint64))
    expected = {"a": -1, "b": 1, "c": -1}  # "a" stands under a false hash and cannot be found
    assert names.first_rows(asked).tolist() == [expected[name] for name in asked]
    assert names.first_row("b") == 1


def test_no_names() -> None:
    names, row = by_hash(as_text([]))
    assert len(names) == 0
    assert row.size == 0
    assert names.first_rows([]).size == 0
    assert names.first_rows(["a"]).tolist() == [-1]
    assert names.first_row("a") == -1
