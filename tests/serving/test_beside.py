"""What is said beside a score over HTTP: lists, the ledger's age, exposure."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features import haircut
from tests.serving.conftest import LATER, START, Start, TestClient, World, answered

SCORE, BATCH = "/v1/wallets/score", "/v1/wallets/score:batch"
PAST = LATER.isoformat()
Q = {"as_of": PAST}
IDS = {"id": None, "request_id": None}


@pytest.fixture
def sanctions(world: World, tmp_path: Path) -> Path:
    """The labels of the world, and one wallet on a list for some time."""
    known = pd.read_parquet(world.labels).assign(category="unspecified", source="unspecified")
    listed = {"wallet": ["w30", "stranger"], "label": "illicit", "category": "sanctioned",
              "source": "ofac", "known_at": START + pd.Timedelta(100, "D"),
              "until": START + pd.Timedelta(200, "D")}  # fmt: skip
    frame = pd.concat([known, pd.DataFrame(listed)])
    frame["until"] = pd.to_datetime(frame["until"], utc=True)
    frame.to_parquet(tmp_path / "known.parquet")
    return tmp_path / "known.parquet"


def asked(client: TestClient, wallet: str, days: float, **more: Any) -> dict[str, Any]:
    as_of = (START + pd.Timedelta(days, "D")).isoformat()
    return answered(client, SCORE, {"wallet": wallet, "as_of": as_of} | more)


def test_a_wallet_on_a_list_says_so_beside_its_score(start: Start, sanctions: Path) -> None:
    with start(labels=sanctions) as client:
        before, during = asked(client, "w30", 90), asked(client, "w30", 150)
        after, stranger = asked(client, "w30", 250), asked(client, "stranger", 150)
    assert [len(one["known"]["entries"]) for one in (before, during, after)] == [1, 2, 2]
    assert [one["known"]["sanctioned"] for one in (before, during, after)] == [False, True, False]
    assert during["known"]["entries"][0]["source"] == "ofac"
    assert after["known"]["entries"][-1]["until"] is not None
    assert (stranger["status"], stranger["band"]) == ("unknown_wallet", "unknown")
    assert stranger["known"]["sanctioned"]


def test_a_list_moves_no_score(start: Start, client: TestClient, sanctions: Path) -> None:
    told = {"known", "id", "request_id"}
    plain = asked(client, "stranger", 150)
    with start(labels=sanctions, journal=f"sqlite:///{sanctions.parent / 'other'}") as listing:
        listed = asked(listing, "stranger", 150)
    assert plain["known"] == {"sanctioned": False, "entries": [], "left_out": 0}
    assert {k: v for k, v in plain.items() if k not in told} == {
        k: v for k, v in listed.items() if k not in told
    }


def test_a_stale_ledger_is_marked_in_scores_and_traces(start: Start) -> None:
    with start(stale_after_s=3 * 86_400) as client:
        fresh, old = asked(client, "w1", 302), asked(client, "w1", 320)
        within = asked(client, "w1", 100)
        trace = answered(client, "/v1/wallets/trace", {"wallet": "w1"})
    assert [one["stale"] for one in (within, fresh, old, trace)] == [False, False, True, True]
    age = 20 * 86_400
    assert old["coverage"]["ledger_age_s"] == pytest.approx(age, abs=86_400)
    assert within["coverage"]["ledger_age_s"] == 0
    assert old["coverage"]["stale_after_s"] == 3 * 86_400


def test_exposure_is_what_the_haircut_says(client: TestClient, world: World) -> None:
    ledger, _, labels = world.open()
    said = answered(client, SCORE, {"wallet": "w40", "include": ["exposure"]} | Q)["exposure"]
    spine = pd.DataFrame({"wallet": ["w40"], "as_of": [LATER]})
    table = haircut(ledger, spine, labels=labels)
    known = table[table["hops"].notna()]
    got = [
        (side, one["category"], one["label"], one["hops"], one["value"])
        for side in ("received", "sent")
        for one in said[side]["lines"]
    ]
    wanted = known[["direction", "category", "label", "hops", "amount"]]
    assert sorted(got) == sorted(wanted.itertuples(index=False, name=None))
    assert answered(client, SCORE, {"wallet": "w40"} | Q)["exposure"] is None


def test_without_labels_exposure_is_refused_and_nothing_is_known(start: Start) -> None:
    with start() as client:
        client.app.state.endpoint.service.scorer.held.labels = None  # type: ignore[attr-defined]
        response = client.post(SCORE, json={"wallet": "w1", "include": ["exposure"]})
    assert response.status_code == 422
    assert "no labels are loaded" in response.json()["detail"]


def test_what_is_wrong_with_an_item_stands_in_its_place(client: TestClient) -> None:
    items = [{"wallet": "w1"} | Q, {"wallet": "w1", "as_of": "yesterday"}, 5, {"wallet": "w2"} | Q]
    for padding in ([], [{"wallet": f"w{number % 60}"} | Q for number in range(400)]):
        answer = answered(client, BATCH, {"items": [*items, *padding]})["items"]
        single = answered(client, SCORE, items[0])  # type: ignore[arg-type]
        assert {**answer[0], **IDS} == {**single, **IDS}
        assert answer[3]["wallet"]["address"] == "w2"
        assert [one["status"] for one in answer[:4]] == ["scored", 422, 422, "scored"]
        assert answer[1]["detail"] == "1 mistake(s) in the item"
        assert answer[1]["errors"][0]["pointer"] == "#/items/1/as_of"
        assert answer[2]["errors"][0]["pointer"] == "#/items/2"
        assert {one["status"] for one in answer[4:]} <= {"scored"}
