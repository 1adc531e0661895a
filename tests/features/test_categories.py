"""From the words of label sources to exposure categories."""

import pytest

from features.categories import CATEGORIES, category_place
from features.exposure import EXPOSURE


@pytest.mark.parametrize(
    ("word", "category"),
    [
        ("phishing", "phishing"),
        ("Dodgy", "phishing"),
        ("mixing_service", "mixer"),
        ("tornado-cash", "mixer"),
        ("OFAC sanctions lists", "sanctioned"),
        ("service_hack", "theft"),
        (" Binance ", "exchange"),
        ("miner", "mining"),
        ("sextortion", "ransomware"),
        ("laundering", "other"),
        ("unspecified", "other"),
        ("", "other"),
    ],
)
def test_words_of_sources_are_known(word: str, category: str) -> None:
    assert CATEGORIES[category_place(word)] == category


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_category_is_its_own_word_and_has_columns(category: str) -> None:
    assert CATEGORIES[category_place(category)] == category
    assert f"exposure_{category}_indirect_in_share" in {column.name for column in EXPOSURE.columns}
