"""A challenger is compared with the answers that were given out, and changes none of them."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features import RiskError, feature_table
from serving.endpoint import Endpoint
from serving.models.challenger import Challenger
from serving.models.measures import DIFFERENCES
from serving.models.place import Folder
from serving.models.shadow import AT_ONCE, MOST_WAITING, Seen, Shadow, _rows
from serving.models.tally import Tally
from serving.observability import Metrics
from tests.serving.conftest import LATER, TestClient, World, answered
from tests.serving.models.test_models import PAST, SCORE, asked, serving
from tests.serving.models.variants import variant
from training import RiskModel

WALLETS = [f"w{number}" for number in range(30)]


def challenger_of(client: TestClient) -> Challenger:
    endpoint: Endpoint = client.app.state.endpoint  # type: ignore[attr-defined]
    return endpoint.models.challengers["ledger"]


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def told(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/v1/models/shadow").json()
    return found


def test_it_is_compared_with_what_was_answered(world: World, tmp_path: Path) -> None:
    version = variant(world.model, tmp_path / "other", base_rate=0.3)
    with serving(world, tmp_path, challenger=str(tmp_path / "other")) as client:
        until(lambda: told(client)["challenger"] is not None)
        answers = [asked(client, wallet) for wallet in [*WALLETS, "nobody"]]
        items = [{"wallet": wallet, "as_of": PAST} for wallet in WALLETS]
        answered(client, f"{SCORE}:batch", {"items": items})
        until(lambda: (told(client)["comparison"] or {"rows": 0})["rows"] == 61)
        found = told(client)["comparison"]
        text = client.get("/metrics").text
    ledger, _, labels = world.open()
    spine = pd.DataFrame({"wallet": WALLETS, "as_of": LATER})
    theirs = RiskModel.load(tmp_path / "other").score(ledger, spine, labels)["probability"]
    ours = np.array([one["log_odds"] for one in answers[:-1]])
    said = theirs.to_numpy()
    differences = np.log(said / (1 - said)) - ours
    assert found["challenger"] == version
    assert found["champion"] == answers[0]["model"]["version"]
    assert found["scored_by_both"] == 60
    assert found["mean_difference"] == pytest.approx(differences.mean())
    assert found["psi"] > 0.25
    by_bin = np.bincount(np.searchsorted(DIFFERENCES, differences), minlength=13) * 2
    assert [one["rows"] for one in found["differences"]] == by_bin.tolist()
    pairs = {(one["champion"], one["challenger"]): one["rows"] for one in found["bands"]}
    assert pairs["unknown", "unknown"] == 1
    assert sum(pairs.values()) == 61
    assert 'walletrisk_shadow_log_odds_difference_count{ledger="ledger"} 60.0' in text
    assert 'walletrisk_shadow{ledger="ledger",what="dropped"} 0.0' in text
    assert not any(wallet in text for wallet in WALLETS)


def test_without_one_nothing_is_compared(client: TestClient) -> None:
    assert told(client)["place"] is None
    assert told(client)["comparison"] is None


def test_one_that_does_not_fit_is_refused_and_the_champion_answers(
    world: World, tmp_path: Path
) -> None:
    variant(world.model, tmp_path / "other", unit="USD")
    with serving(world, tmp_path, challenger=str(tmp_path / "other")) as client:
        until(lambda: told(client)["refused"] is not None)
        assert "USD" in told(client)["refused"]["reason"]
        asked(client)
        variant(world.model, tmp_path / "other", base_rate=0.3)
        endpoint: Endpoint = client.app.state.endpoint  # type: ignore[attr-defined]
        challenger_of(client).look(endpoint.service.scorer)
        assert told(client)["refused"] is None
        assert told(client)["challenger"] is not None


def test_one_that_was_out_of_reach_is_asked_for_again(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise RiskError("no answer within 300 s")

    variant(world.model, tmp_path / "other", base_rate=0.3)
    with serving(world, tmp_path, challenger=str(tmp_path / "other")) as client:
        until(lambda: told(client)["challenger"] is not None)
        second = variant(world.model, tmp_path / "other", base_rate=0.2)
        champion = client.app.state.endpoint.service.scorer  # type: ignore[attr-defined]
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(Folder, "fetch", gone)
            challenger_of(client).look(champion)
        assert told(client)["refused"]["reason"] == "no answer within 300 s"
        challenger_of(client).look(champion)
        assert told(client)["refused"] is None
        assert told(client)["challenger"]["version"] == second


def scorers(world: World, tmp_path: Path) -> tuple[Any, Any]:
    """The scorer of an endpoint that was, and another model over its ledger."""
    with serving(world, tmp_path) as client:
        champion = client.app.state.endpoint.service.scorer  # type: ignore[attr-defined]
    variant(world.model, tmp_path / "other", base_rate=0.3)
    other = RiskModel.load(tmp_path / "other")
    from serving.ledger_settings import Bands

    return champion, champion.with_model(other, Bands())


def test_columns_that_the_champion_does_not_read_are_computed(world: World, tmp_path: Path) -> None:
    champion, challenger = scorers(world, tmp_path)
    ledger, model, labels = world.open()
    spine = pd.DataFrame({"wallet": WALLETS, "as_of": LATER})
    table = feature_table(ledger, spine, labels=labels, views=model.views).to_numpy()
    as_of = int(LATER.value // 1000)
    seen = [
        Seen(champion, wallet, as_of, row, 0.0, "low")
        for wallet, row in zip(WALLETS, table, strict=True)
    ]
    taken, _ = _rows(champion, challenger, seen)
    champion.columns = champion.columns[:5]
    computed, _ = _rows(champion, challenger, seen)
    np.testing.assert_array_equal(taken, table)
    np.testing.assert_array_equal(computed, table)


def test_what_comes_too_fast_is_dropped_and_a_failure_counted(world: World, tmp_path: Path) -> None:
    champion, challenger = scorers(world, tmp_path)
    shadow = Shadow("ledger", Metrics(), 1)
    row = np.zeros(3)  # of no width that the challenger reads
    seen = Seen(champion, "w1", 0, row, 0.0, "low")
    shadow.offer(seen)
    assert shadow.facts()["waiting"] == 0  # there is no challenger
    shadow.challenger = challenger
    for _ in range(MOST_WAITING + 7):
        shadow.offer(seen)
    assert (shadow.facts()["waiting"], shadow.dropped) == (MOST_WAITING, 7)
    shadow.compare()
    assert (shadow.failed, shadow.facts()["waiting"]) == (AT_ONCE, MOST_WAITING - AT_ONCE)
    assert shadow.tally is None


def test_a_share_is_drawn() -> None:
    shadow = Shadow("ledger", Metrics(), 0.25)
    shadow.challenger = object()  # type: ignore[assignment]
    for _ in range(2_000):
        shadow.offer(None)  # type: ignore[arg-type]
    assert 350 < shadow.facts()["waiting"] < 650


def test_a_tally_of_the_same_model_says_so() -> None:
    tally = Tally("a", "b")
    assert tally.facts()["psi"] is None
    scores = np.linspace(-5, 5, 100)
    tally.add(scores, scores)
    tally.bands.update([("low", "low")] * 100)
    assert tally.facts()["psi"] == 0
    assert tally.facts()["other_band_share"] == 0
    assert tally.facts()["mean_absolute_difference"] == 0
    tally.add(scores, scores + 3)
    assert tally.facts()["mean_difference"] == pytest.approx(1.5)
    assert tally.psi > 0.1


def test_it_ends_with_the_endpoint(world: World, tmp_path: Path) -> None:
    variant(world.model, tmp_path / "other", base_rate=0.3)
    with serving(world, tmp_path, challenger=str(tmp_path / "other")):
        assert {"shadow", "models"} <= {one.name for one in threading.enumerate()}
    assert not {"shadow", "models"} & {one.name for one in threading.enumerate()}
