"""Hashes of texts: the same as in plain Python, alone and in an array, sliced or in pieces."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.kernel import hash_place, string_hash, text_hashes
from tests.naive.past import text_hash

TEXTS = st.lists(st.text(max_size=12), max_size=20)


def array(texts: list[str]) -> pa.LargeStringArray:
    return pa.array(texts, type=pa.large_string())


@given(TEXTS)
def test_hashes_are_those_of_plain_python(texts: list[str]) -> None:
    assert text_hashes(array(texts)).tolist() == [text_hash(text) for text in texts]


@given(st.text(max_size=40))
def test_one_text_has_the_hash_that_it_has_among_others(text: str) -> None:
    assert string_hash(text) == text_hash(text) == int(text_hashes(array(["x", text]))[1])


@given(TEXTS, st.integers(0, 20), st.integers(0, 20))
def test_slices_and_pieces_change_nothing(texts: list[str], first: int, length: int) -> None:
    whole = array(texts)
    part = whole.slice(first, length)
    assert text_hashes(part).tolist() == text_hashes(whole)[first : first + length].tolist()
    pieces = pa.chunked_array([whole, part], type=pa.large_string())
    assert text_hashes(pieces).tolist() == [*text_hashes(whole), *text_hashes(part)]


@given(TEXTS, st.text(max_size=12), st.booleans())
def test_a_place_is_that_of_the_first_equal_hash(
    texts: list[str], sought: str, there: bool
) -> None:
    texts = [*texts, sought, sought] if there else texts
    hashes = text_hashes(array(texts))
    hashes.sort()
    held = hashes.tolist()
    wanted = text_hash(sought)
    assert hash_place(hashes, sought) == (held.index(wanted) if wanted in held else -1)


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("", 0x8570E250FE4C2473),
        ("a", 0x82B19D9859A61322),
        ("0x8589427373d6d84e98730d7795d8f6f8731fda16", 0x9B8B3F4F4FDF0448),
        ("Bär", 0x5EB499DAB4B17A0F),
    ],
)
def test_a_saved_ledger_finds_its_names_in_every_version(text: str, known: int) -> None:
    assert string_hash(text) == known


def test_no_text_has_no_hash() -> None:
    assert text_hashes(array([])).tolist() == []
    assert hash_place(text_hashes(array([])), "a") == -1
