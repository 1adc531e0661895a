"""Several ledgers behind one endpoint: each question and each transfer goes to the one it names."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import validator_for

from features import RiskError
from serving import Settings, create_app
from serving.ledger_settings import LedgerSettings
from tests.serving.conftest import TestClient, World, answered, settings, transfer

PAST = "2024-09-07T00:00:00Z"
SCORE = "/v1/wallets/score"


@contextmanager
def several(
    world: World, folder: Path, chains: dict[str, str | None], **changes: Any
) -> Iterator[TestClient]:
    """An endpoint over copies of one ledger, by name, each of a chain."""
    ledgers = {}
    for name, chain in chains.items():
        if not (folder / name).exists():
            shutil.copytree(world.ledger, folder / name)
        ledgers[name] = LedgerSettings(
            ledger=folder / name, model=str(world.model), labels=world.labels, chain=chain
        )
    chosen = Settings(ledgers=ledgers, hosts=("testserver",), no_keys=True, **changes)
    with TestClient(create_app(chosen)) as client:
        yield client


def ask(client: TestClient, chain: str | None, wallet: str = "w1") -> Any:
    return client.post(SCORE, json={"wallet": {"address": wallet, "chain": chain}, "as_of": PAST})


def test_a_question_goes_to_the_ledger_that_it_names(world: World, tmp_path: Path) -> None:
    with several(world, tmp_path, {"main": "ethereum", "side": "tron"}) as client:
        for name in ("main", "ethereum"):
            sent = {"transfers": [transfer(1, sender="only here")], "chain": name}
            said = answered(client, "/v1/transfers", sent)
            assert said["added"] == (1 if name == "main" else 0)
        asked = {"as_of": "2024-12-02T00:00:00Z"}
        there = answered(
            client, SCORE, asked | {"wallet": {"address": "only here", "chain": "ethereum"}}
        )
        other = answered(
            client, SCORE, asked | {"wallet": {"address": "only here", "chain": "side"}}
        )
        assert there["status"] != "unknown_wallet"
        assert other["status"] == "unknown_wallet"
        # answers call a ledger by its chain, where that means it alone
        assert [one["wallet"]["chain"] for one in (there, other)] == ["ethereum", "tron"]
        items = [
            {"wallet": {"address": "only here", "chain": chain}} for chain in ("main", "tron", "x")
        ]
        found = answered(client, f"{SCORE}:batch", {"items": [*items, {"wallet": "w1"}]})["items"]
        assert [one["status"] for one in found[:2]] == [there["status"], "unknown_wallet"]
        assert "chain is 'x'; this endpoint serves 'ethereum' or 'tron'" in found[2]["detail"]
        assert "no chain is named" in found[3]["detail"]
        listed = client.get("/v1/ledgers").json()["ledgers"]
        assert [one["transfers"] for one in listed] == [901, 900]
        assert [one["journal_entries"] for one in listed] == [1, 0]
        text = client.get("/metrics").text
    assert 'walletrisk_journal_entries{ledger="main"} 1.0' in text
    assert 'walletrisk_journal_entries{ledger="side"} 0.0' in text


def test_the_feed_changes_the_ledger_that_it_names(world: World, tmp_path: Path) -> None:
    with several(world, tmp_path, {"a": None, "b": None}) as client:
        many = [transfer(number, amount="0.123456789") for number in range(200)]
        assert len(json.dumps({"transfers": many})) > 16 * 1024  # read part by part
        assert answered(client, "/v1/transfers", {"chain": "b", "transfers": many})["added"] == 200
        gone = {"chain": "a", "tx_ids": ["new1"]}
        assert answered(client, "/v1/retractions", gone)["unknown"] == ["new1"]
        assert answered(client, "/v1/retractions", gone | {"chain": "b"})["retracted"] == 1
        assert answered(client, "/v1/checkpoint", {"chain": "b"})["added"] == 199
        assert client.get("/v1/contradictions?chain=a").json()["open"] == 0
        for route in ("contradictions", "model", "features"):
            refused = client.get(f"/v1/{route}")
            assert refused.status_code == 422
            assert "no chain is named; this endpoint serves 'a' or 'b'" in refused.json()["detail"]
        assert client.get("/v1/model?chain=b").status_code == 200
        assert client.post("/v1/checkpoint", json={}).status_code == 422


def test_a_chain_of_two_ledgers_names_neither(world: World, tmp_path: Path) -> None:
    with several(world, tmp_path, {"a": "ethereum", "b": "ethereum", "c": "tron"}) as client:
        refused = ask(client, "ethereum")
        assert refused.status_code == 422
        assert "this endpoint serves 'a' or 'b' or 'tron' or 'c'" in refused.json()["detail"]
        assert ask(client, "b").json()["wallet"]["chain"] == "b"
        assert ask(client, "c").json()["wallet"]["chain"] == "tron"


def test_names_that_could_mean_two_are_refused(world: World, tmp_path: Path) -> None:
    with (
        pytest.raises(RiskError, match="'tron' has the name of the chain that ledger 'b' is of"),
        several(world, tmp_path, {"tron": "ethereum", "b": "tron"}),
    ):
        pass
    given = {"ledger": world.ledger, "model": str(world.model)}
    twice = Settings(ledgers={name: LedgerSettings(**given) for name in "ab"})  # type: ignore[arg-type]
    with (
        pytest.raises(RiskError, match="ledgers 'a' and 'b' are one folder"),
        TestClient(create_app(twice)),
    ):
        pass


def test_the_document_allows_what_is_taken(world: World, tmp_path: Path) -> None:
    def refused(client: TestClient, name: str, body: dict[str, Any]) -> bool:
        document = client.get("/openapi.json").json()
        found = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        return not validator_for(found).is_valid(body)

    with TestClient(create_app(settings(world, tmp_path))) as client:
        assert refused(client, "ScoreRequest", {"wallet": {"address": "w", "chain": "tron"}})
        assert not refused(client, "ScoreRequest", {"wallet": {"address": "w", "chain": None}})
        assert not refused(client, "ScoreRequest", {"wallet": "w"})
        assert refused(client, "RetractionsRequest", {"tx_ids": ["t"], "chain": "tron"})
    with several(world, tmp_path, {"a": "ethereum", "b": None}) as client:
        for chain in ("a", "b", "ethereum"):
            asked = {"wallet": {"address": "w", "chain": chain}}
            assert not refused(client, "ScoreRequest", asked)
            assert not refused(client, "CheckpointRequest", {"chain": chain})
        assert refused(client, "ScoreRequest", {"wallet": "w"})
        assert refused(client, "ScoreRequest", {"wallet": {"address": "w"}})
        assert refused(client, "CheckpointRequest", {})
        document = client.get("/openapi.json").json()
        (asked_for,) = document["paths"]["/v1/model"]["get"]["parameters"]
        assert asked_for["required"]
        assert sorted(asked_for["schema"]["enum"]) == ["a", "b", "ethereum"]
        assert "x-walletrisk" not in json.dumps(document)


def test_settings_are_of_one_ledger_or_of_several(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="model must be set, or several ledgers"):
        Settings(ledger=Path("l"))
    one = {"ledger": "l", "model": "m"}
    with pytest.raises(ValueError, match=r"several ledgers \(a\).*put bands, labels there"):
        Settings(ledgers={"a": one}, labels=Path("known"), bands={"high": 30})  # type: ignore[arg-type,dict-item]
    monkeypatch.setenv("WALLETRISK_LEDGERS__A__LEDGER", "eth")
    monkeypatch.setenv("WALLETRISK_LEDGERS__A__MODEL", "models:/walletrisk@champion")
    monkeypatch.setenv("WALLETRISK_LEDGERS__A__BANDS__HIGH", "30")
    read = Settings().houses["a"]
    assert (read.ledger, read.model) == (Path("eth"), "models:/walletrisk@champion")
    assert read.bands.high == 30
    monkeypatch.setenv("WALLETRISK_LEDGERS__A__LABLES", "known.csv")
    with pytest.raises(ValueError, match=r"A__LABLES is no setting.*did you mean.*LABELS"):
        Settings()
