"""A user's own columns come with the request, and are unknown where they do not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features import RiskError
from features.kernel import Float64s
from serving import create_app
from serving.ledger_settings import Bands
from serving.schemas.values import microseconds
from serving.scoring.context import context_row
from serving.scoring.scorer import Scorer
from serving.scoring.self_check import check_itself
from tests.serving.conftest import LATER, TestClient, World, settings
from training import RiskModel
from training.models.estimator import Inputs, Where
from training.reasons import Grouping
from training.scores import Scores

NAMES = ("kyc_age_days", "country_risk")
WEIGHTS = np.array([0.01, -2.0])


class OwnColumns:
    """A model that also reads two columns of the user's own: linear, and 0.5 where one is nan."""

    context_names = NAMES

    def __init__(self, model: RiskModel) -> None:
        self._model = model
        self.reasons = (*model.reasons, *NAMES)
        self.grouping = Grouping(self.reasons, model.views, NAMES)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    @property
    def rows(self) -> "OwnColumns":
        return self

    def inputs(self, values: Float64s, context: Float64s, _: Where) -> Inputs:
        assert context.shape == (len(values), 2)
        return Inputs(context)

    def scores(self, inputs: Inputs, values: Float64s, *, reasons: bool) -> Scores:
        context = inputs.features
        scores = self._model.score_rows(values, reasons=reasons)
        parts = np.where(np.isnan(context), 0.5, context * WEIGHTS)
        log_odds = scores.log_odds + parts.sum(axis=1)
        found = scores.contributions
        if found is not None:
            found = np.concatenate([found[:, :-1], parts, found[:, -1:]], axis=1)
        return Scores(1 / (1 + np.exp(-log_odds)), log_odds, *scores[2:5], found)


@pytest.fixture
def scorer(world: World) -> Scorer:
    ledger, model, labels = world.open()
    chosen: Any = OwnColumns(model)
    return Scorer(ledger, chosen, labels=labels, bands=Bands())


@pytest.fixture
def client(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    load = RiskModel.load
    monkeypatch.setattr(
        "serving.scoring.scorer.RiskModel.load",
        lambda *given, **more: OwnColumns(load(*given, **more)),
    )
    with TestClient(create_app(settings(world, tmp_path))) as opened:
        yield opened


def test_what_is_not_given_is_unknown_and_not_zero() -> None:
    row = context_row(NAMES, {"country_risk": 0.0})
    assert np.isnan(row[0])
    assert row[1] == 0
    assert np.isnan(context_row(NAMES, {"country_risk": None})).all()
    assert np.isnan(context_row(NAMES, {})).all()
    assert context_row((), {}).shape == (0,)


def test_an_unknown_name_is_told_which_there_are() -> None:
    said = r"the model does not read 'kyc'; it reads kyc_age_days, country_risk"
    with pytest.raises(RiskError, match=said):
        context_row(NAMES, {"kyc": 1.0})
    with pytest.raises(RiskError, match="does not read 'kyc'; it reads none"):
        context_row((), {"kyc": 1.0})


def test_a_score_depends_on_what_is_given(scorer: Scorer) -> None:
    asked = ("w1", microseconds(LATER))
    absent = scorer.score(*asked)["log_odds"]
    zero = scorer.score(*asked, context={"kyc_age_days": 0.0, "country_risk": 0.0})["log_odds"]
    given = scorer.score(*asked, context={"kyc_age_days": 100.0, "country_risk": 0.5})["log_odds"]
    assert absent - zero == pytest.approx(1.0)
    assert given - zero == pytest.approx(0.0)


def test_reasons_name_own_columns_with_their_value(scorer: Scorer) -> None:
    answer = scorer.score("w1", microseconds(LATER), context={"country_risk": 90.0})
    first, *others = answer["reasons"]
    assert first == {
        "feature": "country_risk",
        "meaning": "given with the request",
        "value": 90.0,
        "contribution": -180.0,
    }
    total = answer["base_log_odds"] + answer["other_log_odds"]
    total += sum(reason["contribution"] for reason in (first, *others))
    assert total == pytest.approx(answer["log_odds"], abs=1e-9)
    group = answer["groups"][0]
    assert group["meaning"] == "given"
    assert group["columns"][0] == first | {"percentile": None}
    absent = scorer.score("nobody", microseconds(LATER))["reasons"]
    assert {reason["feature"]: reason["value"] for reason in absent} == dict.fromkeys(NAMES)
    check_itself(scorer)


def test_context_over_http(client: TestClient) -> None:
    def ask(**fields: Any) -> Any:
        asked = {"wallet": "w1", "as_of": LATER.isoformat()} | fields
        return client.post("/v1/wallets/score", json=asked)

    absent, null = ask().json(), ask(context={"country_risk": None}).json()
    given = ask(context={"kyc_age_days": 12, "country_risk": 0.25}).json()
    assert absent["log_odds"] == null["log_odds"]
    assert absent["log_odds"] - given["log_odds"] == pytest.approx(1.0 - 0.12 + 0.5)

    unknown = ask(context={"kyc": 1.0})
    assert unknown.status_code == 422
    assert "it reads kyc_age_days, country_risk" in unknown.json()["detail"]
    for wrong in ({"kyc_age_days": "old"}, {"kyc_age_days": True}, [1.0], None):
        refused = ask(context=wrong)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"].startswith("#/context")


def test_context_of_items_of_a_batch(client: TestClient) -> None:
    items: list[dict[str, Any]] = [
        {"wallet": "w1", "context": {"country_risk": 0.25}},
        {"wallet": "w1", "context": {"kyc": 1.0}},
        {"wallet": "w1"},
    ]
    first, wrong, last = client.post("/v1/wallets/score:batch", json={"items": items}).json()[
        "items"
    ]
    assert last["log_odds"] - first["log_odds"] == pytest.approx(1.0)
    assert wrong["status"] == 422
    assert "does not read 'kyc'" in wrong["detail"]


def test_features_and_document_show_it(client: TestClient) -> None:
    assert client.get("/v1/features").json()["context"] == list(NAMES)
    document = client.get("/openapi.json").json()
    context = document["components"]["schemas"]["ScoreRequest"]["properties"]["context"]
    allowed = context["additionalProperties"]["anyOf"]
    assert [one["type"] for one in allowed] == ["number", "null"]
    assert "context" not in document["components"]["schemas"]["TraceRequest"]["properties"]
