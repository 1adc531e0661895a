"""From the words of label sources to exposure categories."""

import os
from pathlib import Path

import pandas as pd
import pytest

from features.contracts.categories import CATEGORIES, category_place, other_words
from features.views.exposure import EXPOSURE

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("WALLETRISK_DATA", ROOT.parent / "shared" / "data"))
ETHEREUM = DATA / "ethereum_labels" / "labels.parquet"


@pytest.mark.parametrize(
    ("word", "category"),
    [
        ("phishing", "phishing"),
        ("phish-hack scam", "other"),
        ("Scams", "phishing"),
        ("ponzi", "phishing"),
        ("mixing_service", "mixer"),
        ("mixers", "mixer"),
        ("tornado.cash", "mixer"),
        ("tornado-cash", "mixer"),
        ("OFAC sanctions lists", "sanctioned"),
        ("OFAC SDN", "sanctioned"),
        ("service_hack", "theft"),
        ("hacker", "theft"),
        ("terrorist_financing", "abuse"),
        (" Binance ", "exchange"),
        ("Exchanges", "exchange"),
        ("Crypto.com", "exchange"),
        ("Gate.io", "exchange"),
        ("miner", "mining"),
        ("sextortion", "ransomware"),
        ("laundering", "other"),
        ("unspecified", "other"),
        ("", "other"),
        ("--", "other"),
        ("blocked", "other"),
        ("blacklist", "other"),
        ("black_list", "other"),
        ("darklist", "other"),
        ("Dodgy", "other"),
        ("malicious", "other"),
        ("malicious contract", "other"),
        ("spam-token", "other"),
    ],
)
def test_words_of_sources_are_known(word: str, category: str) -> None:
    assert CATEGORIES[category_place(word)] == category


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_category_is_its_own_word_and_has_columns(category: str) -> None:
    assert CATEGORIES[category_place(category)] == category
    assert f"exposure_{category}_indirect_in_share" in {column.name for column in EXPOSURE.columns}


@pytest.mark.skipif(not ETHEREUM.exists(), reason="labels of Ethereum are not here")
def test_only_a_list_of_sanctions_makes_a_wallet_sanctioned() -> None:
    words = pd.read_parquet(ETHEREUM, columns=["category"])["category"]
    sanctioned = words[[CATEGORIES[category_place(word)] == "sanctioned" for word in words]]
    assert sanctioned.value_counts().to_dict() == {"ofac-sanctions-lists": 72}
    assert {"blocked", "Dodgy", "malicious", "darklist"} <= set(other_words(words))


def test_words_of_category_other_are_counted_as_they_were_written() -> None:
    words = ["b-word", "Zebra", "exchange", "zebra", "Zebra", "a word", "other"]
    assert list(other_words(words).items()) == [
        ("Zebra", 2), ("a word", 1), ("b-word", 1), ("other", 1), ("zebra", 1),
    ]  # fmt: skip
    assert other_words([]) == other_words(["mixers"]) == {}
