"""From the words of label sources to exposure categories."""

import json
import os
import re
from pathlib import Path

import pandas as pd
import pytest

from features.contracts.categories import CATEGORIES, category_place, other_words
from features.contracts.concepts import CONCEPT, CONCEPTS
from features.views.exposure import EXPOSURE

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("WALLETRISK_DATA", ROOT.parent / "shared" / "data"))
TAXONOMIES = DATA / "taxonomies"
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
        ("child_sexual_abuse", "child_sexual_abuse"),
        ("child-sexual-abuse-material", "child_sexual_abuse"),
        ("Child Sexual Abuse Material (CSAM)", "child_sexual_abuse"),
        ('dark-web:topic="child-sexual-abuse-material"', "child_sexual_abuse"),
        ("CSAM", "child_sexual_abuse"),
        ("human_trafficking", "abuse"),
        ("crime.traffick.human", "abuse"),
        ("crime.terror", "abuse"),
        ("payment_card_fraud", "darknet"),
        ("account_hack", "theft"),
        ("victim", "other"),
        ("money_laundering", "other"),
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


def test_every_concept_is_of_a_chosen_category_and_its_words_find_it() -> None:
    assert {one.taxonomy for one in CONCEPTS} == {"graphsense", "misp", "interpol"}
    for one in CONCEPTS:
        assert one.category in CATEGORIES
        assert one.verdict in ("illicit", "licit", "none")
        # our own category of that name says more than GraphSense's word for any crime
        if (one.taxonomy, one.concept) != ("graphsense", "abuse"):
            found = {CATEGORIES[category_place(word)] for word in one.words}
            assert found == {one.category}, one


def test_a_concept_is_what_its_ancestors_are() -> None:
    assert CONCEPT["graphsense", "sextortion"][4:] == ("ransomware", "illicit")
    assert CONCEPT["graphsense", "pyramid_scheme"][4:] == ("phishing", "illicit")
    assert CONCEPT["graphsense", "terrorism_financing"][4:] == ("abuse", "illicit")
    assert CONCEPT["graphsense", "coinjoin"][4:] == ("mixer", "none")
    assert {CONCEPT["graphsense", word].verdict for word in ("victim", "donation")} == {"none"}


@pytest.mark.skipif(not TAXONOMIES.exists(), reason="the taxonomies themselves are not here")
def test_no_concept_of_the_three_taxonomies_is_left_out() -> None:
    theirs = (TAXONOMIES / "graphsense_concepts.yaml").read_text(encoding="utf-8")
    graphsense = set(re.findall(r"^(\w+):\s+id: \w+\s+type: concept$", theirs, re.MULTILINE))
    misp = json.loads((TAXONOMIES / "misp_dark_web.json").read_text(encoding="utf-8"))
    tags = {f"{of['predicate']}={one['value']}" for of in misp["values"] for one in of["entry"]}
    tags |= {predicate["value"] for predicate in misp["predicates"]}
    turtle = (TAXONOMIES / "interpol_dwva_v03.ttl").read_text(encoding="utf-8")
    interpol = set(re.findall(r"entities#(\S+)>\n  a skos:Concept ;", turtle))
    ours = {
        name: {one.concept for one in CONCEPTS if one.taxonomy == name}
        for name in ("graphsense", "misp", "interpol")
    }
    assert ours == {"graphsense": graphsense, "misp": tags, "interpol": interpol}
    assert [len(graphsense), len(tags), len(interpol)] == [86, 106, 99]


def test_words_of_category_other_are_counted_as_they_were_written() -> None:
    words = ["b-word", "Zebra", "exchange", "zebra", "Zebra", "a word", "other"]
    assert list(other_words(words).items()) == [
        ("Zebra", 2), ("a word", 1), ("b-word", 1), ("other", 1), ("zebra", 1),
    ]  # fmt: skip
    assert other_words([]) == other_words(["mixers"]) == {}
