"""A model that reads the ledger says the same alone, in a list, over HTTP and in Python."""

from __future__ import annotations

import asyncio
import csv
import io
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest

from features import Transfer, feature_table
from serving import create_app
from serving.desk.words import times
from serving.ledger_settings import Bands
from serving.models.shadow import Seen, _scored
from serving.schemas.requests import ScoreRequest
from serving.scoring import many
from serving.service import Service, Told
from tests.serving.conftest import LATER, START, TestClient, World, build, settings, transfer
from tests.serving.desk.conftest import AS_OF, looked_up
from training import RiskModel
from training.calibration import probability_of
from training.evaluation import rows_log_odds
from training.judge import Judge
from training.models.estimator import Inputs, Where
from training.scores import Scores
from training.transfer_reasons import transfer_reasons

pytest.importorskip("torch_geometric")

SCORE = "/v1/wallets/score"
COLUMNS = ["amounts_out_to_in_ratio", "coverage_out_count", "coverage_in_count", "coverage_age_s"]
SMALL = {"epochs": 1, "hidden": 16, "first_fan": 4, "second_fan": 2, "steps": 4}
HYBRID: dict[str, Any] = {
    "folds": 2, "directions": 2,
    "of": {"graphsage": SMALL, "lightgbm": {"trees": 10, "min_leaf_rows": 3}},
}  # fmt: skip
BLEND = {"network": "graphsage", "networks": 2, "of": HYBRID["of"]}
KINDS: dict[str, dict[str, Any]] = {"graphsage": SMALL, "hybrid": HYBRID, "blend": BLEND}


@pytest.fixture(scope="module", params=KINDS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("made")
    world = build(folder, request.param, columns=COLUMNS, fits=2, **KINDS[request.param])
    assert world.open()[1].reads_labels
    return world


@pytest.fixture
def client(made: World, tmp_path_factory: pytest.TempPathFactory) -> Any:
    with TestClient(create_app(settings(made, tmp_path_factory.mktemp("served")))) as one:
        yield one


def service_of(client: TestClient) -> Service:
    app: Any = client.app
    found: Service = app.state.endpoint.service
    return found


def item(number: int) -> dict[str, Any]:
    include = [["reasons"], ["groups"], ["reasons", "groups"], []][number % 4]
    as_of = LATER if number % 3 else START + pd.Timedelta(60, "D")
    return {"wallet": f"w{number}", "as_of": as_of.isoformat(), "include": include}


ITEMS = [item(number) for number in range(64)]  # of which the last few are of no known wallet


def test_training_python_and_http_say_the_same(made: World, client: TestClient) -> None:
    ledger, model, labels = made.open()
    spine = pd.DataFrame(
        {
            "wallet": [one["wallet"] for one in ITEMS],
            "as_of": pd.to_datetime([one["as_of"] for one in ITEMS], utc=True),
        }
    )
    wanted = model.score(ledger, spine, labels)
    table = feature_table(ledger, spine, labels=labels, views=model.views)
    judged = probability_of(rows_log_odds(model, table, ledger, labels))  # as in training
    scored = (wanted["status"] == "scored").to_numpy()
    assert scored.sum() > 50
    np.testing.assert_allclose(judged[scored], wanted["probability"][scored], rtol=0, atol=1e-9)
    together = client.post(f"{SCORE}:batch", json={"items": ITEMS}).json()["items"]
    alone = [client.post(SCORE, json=one).json() for one in ITEMS[::7]]
    for said, rows in ((together, wanted), (alone, wanted.iloc[::7])):
        found = [one["probability"] for one in said]
        np.testing.assert_allclose(found, rows["probability"], rtol=0, atol=1e-9)
        assert [one["status"] for one in said] == rows["status"].tolist()
    assert len({one["probability"] for one in together}) > 2  # the small hybrid says few things


def test_transfers_that_moved_a_score_add_up_alone_in_a_list_and_in_python(
    made: World, client: TestClient
) -> None:
    ledger, model, labels = made.open()
    early = (START + pd.Timedelta(9, "D")).isoformat()  # when some had one side alone
    asked = [{**one, "include": ["reasons"]} for one in ITEMS[:6]]
    asked += [{**one, "include": ["reasons"], "as_of": early} for one in ITEMS[6:40]]
    told = transfer_reasons(
        model, ledger, pd.DataFrame({
            "wallet": [one["wallet"] for one in asked],
            "as_of": pd.to_datetime([one["as_of"] for one in asked], utc=True),
        }), labels,
    )  # fmt: skip
    assert (told["timestamp"] < told["as_of"]).all()
    together = client.post(f"{SCORE}:batch", json={"items": asked}).json()["items"]
    one_sided = moving = 0
    for one, listed in zip(asked, together, strict=True):
        said = client.post(SCORE, json=one).json()
        own = told[told["wallet"] == one["wallet"]]
        if said["status"] != "scored":
            assert said["transfer_reasons"] is None
            assert own.empty
            continue
        one_sided += own["side"].nunique() == 1
        explained = model.explain_wallets(ledger, pd.DataFrame({
            "wallet": [one["wallet"]], "as_of": [pd.Timestamp(one["as_of"])],
        }), labels)  # fmt: skip
        sides = explained[["senders", "recipients"]].to_numpy().sum()
        for answer in (said, listed):
            moved = answer["transfer_reasons"]
            named = [part["contribution"] for part in moved["transfers"]]
            moving += len(named)
            assert sum(named) + moved["other_log_odds"] == pytest.approx(sides, abs=1e-9)
            largest = own["contribution"].iloc[own["contribution"].abs().argsort()[::-1]]
            largest = largest[largest != 0][:5]
            assert named == pytest.approx(largest.tolist(), abs=1e-9)
            wallets = {wallet for part in moved["transfers"][:1] for wallet in (
                part["sender"], part["recipient"],
            )}  # fmt: skip
            assert not named or wallets - {one["wallet"]} <= {
                part["wallet"] for part in moved["neighbours"]
            }
    assert one_sided
    assert moving
    plain = client.post(SCORE, json={**asked[1], "include": []}).json()
    assert plain["transfer_reasons"] is None


@pytest.mark.parametrize(("work", "rows"), [(1, 256), (3_000, 10), (10**9, 256)])
def test_parts_of_any_size_say_the_same_by_few_calls_of_the_model(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, work: int, rows: int
) -> None:
    monkeypatch.setattr(many, "PART_WORK", work)
    monkeypatch.setattr(many, "JUDGED_ROWS", rows)
    service, sizes = service_of(client), []
    judge = Judge.__call__

    def counted(self: Judge, inputs: Inputs, counts: Any, *, reasons: bool) -> Scores:
        sizes.append(len(inputs))
        return judge(self, inputs, counts, reasons=reasons)

    asked = [ScoreRequest.model_validate(one) for one in ITEMS]
    with monkeypatch.context() as patched:
        patched.setattr(Judge, "__call__", counted)
        told = service.told_many(asked)
    assert sum(sizes) == len(asked)
    assert sizes == [16, 48] if rows > 64 else len(sizes) > 6  # who wants no reasons is apart
    for one, request in [*zip(told, asked, strict=True)][::5]:
        other = service.told(request)
        assert isinstance(one, Told)
        assert one.values.tobytes() == other.values.tobytes()
        assert one.position == other.position
        same(one.content, other.content)


def same(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Equal, numbers to 1e-9; of near equal reasons either may come first."""
    for name in ("probability", "log_odds", "base_log_odds"):
        assert one[name] == pytest.approx(other[name], abs=1e-9), name
    rest = {"probability_low", "probability_high", "categories", "reasons", "groups"}
    rest |= {"probability", "log_odds", "base_log_odds", "other_log_odds", "other_groups_log_odds"}
    rest.add("transfer_reasons")
    moved = [of["transfer_reasons"] or {"transfers": []} for of in (one, other)]
    shares = [sorted(part["contribution"] for part in of["transfers"]) for of in moved]
    assert shares[0] == pytest.approx(shares[1], abs=1e-9)
    assert {key: one[key] for key in one if key not in rest} == {
        key: other[key] for key in other if key not in rest
    }
    assert (one["reasons"] is None) == (other["reasons"] is None)
    for mine, theirs in zip(one["reasons"] or [], other["reasons"] or [], strict=True):
        assert mine["contribution"] == pytest.approx(theirs["contribution"], abs=1e-9)


def test_a_transfer_that_came_meanwhile_is_in_the_next_score(client: TestClient) -> None:
    asked = {"wallet": "w1", "as_of": "2025-01-01T00:00:00Z"}
    first = client.post(SCORE, json=asked).json()
    moved = [transfer(number, sender="w7", recipient="w1", amount="900") for number in range(3)]
    assert client.post("/v1/transfers", json={"transfers": moved}).status_code < 300
    second = client.post(SCORE, json=asked).json()
    listed = client.post(f"{SCORE}:batch", json={"items": [asked]}).json()["items"][0]
    assert second["coverage"] == listed["coverage"]
    assert second["coverage"]["transfers_in"] == first["coverage"]["transfers_in"] + 3
    assert second["log_odds"] == pytest.approx(listed["log_odds"], abs=1e-9)


def test_what_was_drawn_needs_the_ledger_no_more(made: World) -> None:
    ledger, model, labels = made.open()
    wallets = [f"w{number}" for number in range(7)]
    spine = pd.DataFrame({"wallet": wallets, "as_of": [LATER] * 7})
    wanted = model.score_spine(ledger, spine, labels, reasons=True)
    from features.past import label_events
    from features.table import compute_rows

    where = Where.of_spine(ledger, spine, label_events(ledger, labels))
    values = compute_rows(ledger, where.codes, where.as_of, labels=where.labels, views=model.views)
    parts = [
        model.rows.inputs(
            values[some], None, where._replace(codes=where.codes[some], as_of=where.as_of[some])
        ).drawn()
        for some in (slice(0, 3), slice(3, 4), slice(4, 7))
    ]
    ledger.insert(ledger_changes())
    joined = parts[0].joined(parts)
    found = RiskModel.load(made.model).rows.scores(joined, values, reasons=True)
    np.testing.assert_allclose(found.log_odds, wanted.log_odds, rtol=0, atol=1e-9)
    assert found.contributions is not None
    assert wanted.contributions is not None
    np.testing.assert_allclose(found.contributions, wanted.contributions, rtol=0, atol=1e-9)


def test_supposed_transfers_are_read_as_if_they_had_been_made(
    made: World, client: TestClient
) -> None:
    move = {"sender": "w3", "recipient": "fresh", "amount": 500.0, "asset": "ETH"}
    asked = {"wallet": "w3", "as_of": LATER.isoformat()}
    before = client.post(SCORE, json=asked).json()
    said = client.post(SCORE, json=asked | {"transfers": [move] * 3}).json()
    ledger, model, labels = made.open()
    time = (LATER - pd.Timedelta(1, "us")).to_pydatetime()
    for number in range(3):
        ledger.append_one(Transfer(f"supposed {number}", time, "w3", "fresh", 500.0, "ETH"))
    spine = pd.DataFrame({"wallet": ["w3"], "as_of": [LATER]})
    wanted = model.score_spine(ledger, spine, labels, reasons=False)
    assert said["log_odds"] == pytest.approx(wanted.log_odds[0], abs=1e-9)
    assert said["coverage"]["transfers_out"] == before["coverage"]["transfers_out"] + 3
    assert client.post(SCORE, json=asked).json()["log_odds"] == before["log_odds"]
    deposit = {"direction": "deposit", "counterparty": "w3", "wallet": "w5", "amount": "9",
               "asset": "ETH", "as_of": asked["as_of"]}  # fmt: skip
    answer = client.post("/v1/transfers/score", json=deposit).json()
    assert answer["wallet"]["after"]["status"] == "scored"
    assert answer["counterparty"]["log_odds"] == pytest.approx(before["log_odds"], abs=1e-9)


def test_questions_that_come_together_are_answered_together(
    client: TestClient, answered_together: list[int]
) -> None:
    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(client.app, client=("127.0.0.1", 50_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as one:
            return [*await asyncio.gather(*(one.post(SCORE, json=item) for item in ITEMS[:16]))]

    alone = [client.post(SCORE, json=item).json() for item in ITEMS[:16]]
    assert answered_together == [1] * 16
    assert client.portal is not None
    told = [answer.json() for answer in client.portal.call(ask)]
    assert max(answered_together) > 4
    for one, other in zip(told, alone, strict=True):
        assert one["wallet"] == other["wallet"]
        assert one["log_odds"] == pytest.approx(other["log_odds"], abs=1e-9)


def test_it_may_be_a_challenger(made: World, world: World, tmp_path: Path) -> None:
    ledger, model, labels = made.open()
    with TestClient(create_app(settings(world, tmp_path))) as client:
        champion = service_of(client).scorer
        challenger = champion.with_model(model, Bands())
        as_of = int(LATER.value // 1000)
        row = np.zeros(len(champion.columns))
        seen = [Seen(champion, f"w{n}", as_of, row, 0.0, "low") for n in range(9)]
        bands, log_odds = _scored(champion, challenger, seen)
    spine = pd.DataFrame({"wallet": [one.wallet for one in seen], "as_of": [LATER] * 9})
    wanted = model.score_spine(ledger, spine, labels, reasons=False)
    np.testing.assert_allclose(log_odds, wanted.log_odds, rtol=0, atol=1e-9)
    assert bands == [challenger.band(float(one)) for one in wanted.probability]


def ledger_changes() -> pd.DataFrame:
    """Transfers of these wallets from before the instant that was asked of."""
    return pd.DataFrame(
        {
            "tx_id": [f"late{number}" for number in range(7)],
            "position": np.zeros(7, dtype=np.int32),
            "timestamp": [LATER - pd.Timedelta(1, "h")] * 7,
            "sender": [f"w{number}" for number in range(7)],
            "recipient": [f"w{number + 1}" for number in range(7)],
            "amount": 1e6,
            "asset": "ETH",
        }
    )


def test_the_desk_names_the_transfers_that_moved_a_score(client: TestClient) -> None:
    asked = {"as_of": pd.Timestamp(AS_OF, tz="UTC").isoformat(), "include": ["reasons"]}
    items = [{"wallet": f"w{number}", **asked} for number in range(20)]
    said = client.post(f"{SCORE}:batch", json={"items": items}).json()["items"]
    moved = next(
        of for of in said if of["transfer_reasons"] and of["transfer_reasons"]["transfers"]
    )
    named = moved["transfer_reasons"]["transfers"]
    path = looked_up(client, moved["wallet"]["address"])
    page, table = client.get(path).text, client.get(f"{path}.csv").text
    for one in named:
        for text in (one["tx_id"], one[one["neighbour"]]):
            assert f'title="{text}"' in page
            assert text in table
        assert times(one["contribution"]) in page
    rows = [row for row in csv.DictReader(io.StringIO(table)) if "transfers" in row["section"]]
    listed = [one["contribution"] for one in named]  # in a list, so the same to 1e-9
    assert [float(row["value"]) for row in rows] == pytest.approx(listed, rel=0, abs=1e-9)
    assert client.get(f"{path}.pdf").content.startswith(b"%PDF")
