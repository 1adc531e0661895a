"""An entity is scored as the wallet of the ledger that has one name for all of its wallets."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import walletrisk
from features import Ledger, RiskError
from features.clusters import Clusters
from features.clusters import entity as limits
from serving.ledger_settings import Bands
from serving.scoring.entities import as_asked
from serving.scoring.scorer import Scorer
from tests.clustered import made
from tests.serving.conftest import (
    LATER,
    START,
    Start,
    World,
    answered,
    build,
    random_transfers,
    transfer,
)

MEMBERS = ["w11", "w3", "w40"]  # by name
KNOWN = START + pd.Timedelta(100, "D")
AT = int(LATER.value // 1000)
SCORE = "/v1/wallets/score"


@pytest.fixture(scope="module")
def clusters() -> Clusters:
    first = int(KNOWN.value // 1000)
    return made((first, ["w3", "w40"]), (first + 1, ["w40", "elsewhere", "w11"]))


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> World:
    pytest.importorskip("torch_geometric")
    return build(tmp_path_factory.mktemp("graph"), "graphsage", epochs=1)


def rebuilt(world: World) -> tuple[Ledger, pd.DataFrame]:
    """Ledger and labels that have one name for all members."""
    names = dict.fromkeys(MEMBERS, MEMBERS[0])
    moved = random_transfers()
    ends = moved["sender"].isin(MEMBERS) & moved["recipient"].isin(MEMBERS)
    one = {end: moved[end].replace(names) for end in ("sender", "recipient")}
    labels = pd.read_parquet(world.labels)
    return (
        Ledger.from_transfers(moved.assign(**one)[~ends]),
        labels.assign(wallet=labels["wallet"].replace(names)),
    )


@pytest.mark.parametrize("kind", ["world", "graph"])
def test_batch_and_endpoint_score_the_ledger_that_has_one_name(
    kind: str, clusters: Clusters, request: pytest.FixtureRequest
) -> None:
    world: World = request.getfixturevalue(kind)
    ledger, model, labels = world.open()
    asked = pd.DataFrame(
        {"wallet": ["w40", "w5", "w3", "nobody"], "as_of": [LATER, LATER, START, LATER]}
    )
    level: dict[str, Any] = {"level": "entity", "clusters": clusters}
    found = model.score(ledger, asked, labels, **level)
    assert found["entity_wallets"].tolist() == [4, 1, 1, 1]
    assert found["entity_whole"].all()
    one, renamed = rebuilt(world)
    row = pd.DataFrame({"wallet": MEMBERS[:1], "as_of": [LATER]})
    expected = model.score(one, row, renamed)
    assert found["probability"].iloc[0] == expected["probability"].iloc[0]
    alone = model.score(ledger, asked, labels)
    assert found["probability"].iloc[0] != alone["probability"].iloc[0]
    rounding = 0 if kind == "world" else 1e-9  # a network's bits depend on its batch
    np.testing.assert_allclose(
        found["probability"].iloc[1:], alone["probability"].iloc[1:], rtol=0, atol=rounding
    )
    reasons = model.explain_wallets(ledger, asked, labels, **level).iloc[:1]
    pd.testing.assert_frame_equal(
        reasons.reset_index(drop=True),
        model.explain_wallets(one, row, renamed).reset_index(drop=True),
        check_exact=True,
    )
    scorer = Scorer(ledger, model, labels=labels, bands=Bands(), clusters=clusters)
    answer = scorer.score("w3", AT, level="entity")
    assert answer["probability"] == expected["probability"].iloc[0]
    assert answer["entity"] == {
        "wallets": 4, "shown": ["elsewhere", *MEMBERS], "whole": True,
        "listed": 3, "listed_shown": MEMBERS, "sanctioned": False,
    }  # fmt: skip
    assert scorer.score("w3", AT)["entity"] is None


@pytest.mark.parametrize("limit", ["MOST_WALLETS", "MOST_TRANSFERS"])
def test_the_wallet_of_a_large_cluster_is_scored_alone_and_said_so(
    limit: str, world: World, clusters: Clusters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, limit, 3)
    ledger, model, labels = world.open()
    scorer = Scorer(ledger, model, labels=labels, bands=Bands(), clusters=clusters)
    answer = scorer.score("w3", AT, level="entity")
    assert answer["entity"]["wallets"] == 4
    assert answer["entity"]["shown"] == ["w3"]
    assert not answer["entity"]["whole"]
    assert answer["probability"] == scorer.score("w3", AT)["probability"]


def test_a_level_without_clusters_is_refused(world: World) -> None:
    ledger, model, labels = world.open()
    asked = pd.DataFrame({"wallet": ["w3"], "as_of": [LATER]})
    with pytest.raises(RiskError, match="level 'entity' needs clusters"):
        model.score(ledger, asked, labels, level="entity")
    with pytest.raises(RiskError, match="must be 'wallet' or 'entity', received 'owner'"):
        model.score(ledger, asked, labels, level="owner")  # type: ignore[arg-type]


def test_the_endpoint_and_the_command_answer_at_level_entity(
    world: World,
    clusters: Clusters,
    start: Start,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "clusters.arrow"
    clusters.save(file)
    body = {"wallet": "w40", "as_of": LATER.isoformat(), "level": "entity"}
    with start(clusters=file) as client:
        answer = answered(client, SCORE, body)
        batch = answered(client, f"{SCORE}:batch", {"items": [body, {**body, "level": "wallet"}]})
    items = batch["items"]
    assert answer["level"] == "entity"
    assert answer["entity"]["wallets"] == 4
    assert items[0]["probability"] == answer["probability"]
    assert items[1]["entity"] is None
    with start() as client:
        refused = client.post(SCORE, json=body)
    assert refused.status_code == 422
    assert "level 'entity' needs clusters" in refused.json()["detail"]
    command = (
        "score", "w40", "--ledger", world.ledger, "--model", world.model, "--labels", world.labels,
        "--as-of", LATER.isoformat(), "--level", "entity", "--clusters", file,
    )  # fmt: skip
    assert walletrisk.run([*map(str, command), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["probability"] == answer["probability"]
    assert said["entity"] == answer["entity"]
    assert walletrisk.run([*map(str, command)]) == 0
    told = capsys.readouterr().out
    assert "entity of 4 wallets, 3 of them on lists: elsewhere, w11, w3, w40" in told


def test_the_writer_reads_slices_only_while_no_wallets_are_one(
    start: Start, clusters: Clusters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "clusters.arrow"
    clusters.save(file)
    with start(clusters=file) as client:
        held = client.app.state.endpoint.service.scorer.held  # type: ignore[attr-defined]
        with as_asked(held, "w3", AT, clusters):
            assert held.at_rest.locked()
        seen = []
        for name in ("check_stream", "check_append", "transaction"):
            real = getattr(Ledger, name)

            def watched(ledger: Ledger, *given: Any, real: Any = real, name: str = name) -> Any:
                seen.append((name, held.at_rest.locked()))
                return real(ledger, *given)

            monkeypatch.setattr(Ledger, name, watched)
        for number in (1, 100):
            added = [transfer(one) for one in range(number)]
            answered(client, "/v1/transfers", {"transfers": added})
        assert not held.at_rest.locked()
    assert {name for name, _ in seen} == {"check_stream", "check_append"}
    assert all(locked for _, locked in seen)
