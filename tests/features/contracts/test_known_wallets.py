"""What lists say of a wallet, as of an instant."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given

from features.contracts.known_wallets import MOST_ENTRIES, KnownWallets
from features.contracts.labels import check_labels, in_force
from features.contracts.times import microseconds
from tests.strategies import World, at, worlds

DAY = 86_400


def lists(*rows: dict[str, Any]) -> KnownWallets:
    frame = pd.DataFrame(rows)
    for column in ("known_at", "until"):
        if column in frame:
            frame[column] = [at(day * DAY) if day == day else pd.NaT for day in frame[column]]
    return KnownWallets(check_labels(frame))


def sanction(**changes: Any) -> dict[str, Any]:
    return {"wallet": "w", "label": "illicit", "category": "sanctioned", "source": "ofac",
            "original": "SDN", "known_at": 10, "confidence": 0.9} | changes  # fmt: skip


def told(known: KnownWallets, day: float, wallet: str = "w") -> dict[str, Any]:
    return known.told(
        wallet, microseconds(pd.Series([at(day * DAY)], dtype="datetime64[us, UTC]"))[0]
    )


def test_a_list_counts_after_it_was_known_and_its_end_after_it_ended() -> None:
    known = lists(sanction(until=20.0), sanction(wallet="other"))
    assert told(known, 10)["entries"] == []  # known_at < as_of
    (held,) = told(known, 20)["entries"]
    assert (held["until"], told(known, 20)["sanctioned"]) == (None, True)
    after = told(known, 20.5)
    assert after["entries"] == [held | {"until": "2024-03-21T05:30:00.000000Z"}]
    assert (after["sanctioned"], after["entries"][0]["sanctioned"]) == (False, True)
    assert held == {
        "category": "sanctioned", "original": "SDN", "label": "illicit", "source": "ofac",
        "known_at": "2024-03-11T05:30:00.000000Z", "until": None, "confidence": 0.9,
        "sanctioned": True,
    }  # fmt: skip


def test_what_is_not_said_is_null() -> None:
    known = lists({"wallet": "w", "label": "none", "category": "Tumbler", "known_at": 1})
    (entry,) = told(known, 5)["entries"]
    assert (entry["category"], entry["original"]) == ("mixer", "Tumbler")
    assert entry["label"] is entry["source"] is None
    assert told(known, 5, "nobody") == {"sanctioned": False, "entries": [], "left_out": 0}


@pytest.mark.parametrize(
    "words",
    [{"category": "mixer", "source": "OFAC SDN list"}, {"category": "mixer", "original": "OFAC"},
     {"category": "sanctions"}],
)  # fmt: skip
def test_a_sanction_is_seen_by_category_original_or_source(words: dict[str, str]) -> None:
    assert told(lists(sanction(**({"source": "a list", "original": "x"} | words))), 11)[
        "sanctioned"
    ]
    plain = sanction(category="mixer", source="a list", original="tornado")
    assert not told(lists(plain), 11)["sanctioned"]


def test_the_gravest_come_first_and_what_is_not_shown_is_counted() -> None:
    rows = [
        sanction(category="scam", source=f"list {at:02}", original="x", confidence=at / 40)
        for at in range(MOST_ENTRIES + 5)
    ]
    rows += [sanction(until=12.0, source="lifted"), sanction(source="in force", confidence=0.1)]
    said = told(
        lists(*rows, sanction(label="licit", category="exchange", source="x", original="y")), 15
    )
    assert [one["source"] for one in said["entries"]][:3] == ["in force", "list 24", "list 23"]
    assert (len(said["entries"]), said["left_out"]) == (MOST_ENTRIES, 8)
    assert said["sanctioned"]
    backwards = told(lists(*rows[::-1]), 15)
    assert backwards["entries"][0]["source"] == "in force"


@given(worlds())
def test_entries_in_force_are_the_labels_in_force(world: World) -> None:
    known = KnownWallets(check_labels(world.labels))
    for wallet, as_of in world.spine.itertuples(index=False):
        said = known.told(wallet, as_of.value // 1000)
        own = world.labels[world.labels["wallet"] == wallet]
        held = check_labels(own)[in_force(check_labels(own), as_of).to_numpy()]
        assert sum(one["until"] is None for one in said["entries"]) == len(held)
