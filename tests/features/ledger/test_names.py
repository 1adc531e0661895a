"""Names: strings by number and numbers by string."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.contracts.text import as_text
from features.kernel import string_hash, text_hashes
from features.ledger.names import Names, by_hash
from tests.naive.past import text_hash

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
