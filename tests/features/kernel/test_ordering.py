"""Order by hash and position, against a plain sort; the hash of one text as of many."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from features.kernel import hash_order, hash_place, string_hash, text_hashes


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), unique=True, max_size=30))
def test_equal_hashes_are_in_order_of_the_second(keys: list[tuple[int, int]]) -> None:
    hashes = np.array([first for first, _ in keys], np.uint64)
    second = np.array([second for _, second in keys], np.int32)
    order = hash_order(hashes, second)
    assert [keys[row] for row in order] == sorted(keys)


@given(st.lists(st.text(max_size=12), max_size=20), st.integers(1, 4))
def test_texts_in_chunks_hash_as_one_by_one(names: list[str], chunks: int) -> None:
    text = pa.array(names, pa.large_string())
    parts = [text[start : start + chunks] for start in range(0, len(names), chunks)]
    hashes = text_hashes(pa.chunked_array(parts, pa.large_string()))
    assert hashes.tolist() == text_hashes(text).tolist() == [string_hash(name) for name in names]


def test_many_texts_hash_as_few() -> None:
    text = pa.array([str(number) for number in range(250_000)], pa.large_string())
    hashes = text_hashes(text)
    for row in (0, 99_999, 100_000, 200_000, 249_999):
        assert hashes[row] == string_hash(str(row))


@given(st.lists(st.text(max_size=3), max_size=20), st.text(max_size=3))
def test_a_text_is_found_at_the_first_of_its_hashes(names: list[str], wanted: str) -> None:
    hashes = np.sort(text_hashes(pa.array(names, pa.large_string())))
    at = np.flatnonzero(hashes == np.uint64(string_hash(wanted)))
    assert hash_place(hashes, wanted) == (at[0] if at.size else -1)
