"""Several assets behind the endpoint: values come in, survive a restart, and are shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from features import Ledger, RiskError
from serving import create_app
from serving.journal import Journal
from serving.journal.tables import TRANSFERS
from serving.ledger_settings import Bands
from serving.scoring.scorer import Scorer
from tests.serving.conftest import TestClient, World, random_transfers, settings, transfer
from training import RiskModel


@pytest.fixture
def dollars(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """The world's transfers in dollars, and its model as if it had learnt from such."""
    frame = random_transfers()
    ledger = Ledger.from_transfers(frame.assign(value=frame["amount"] * 2048.0), unit="USD")
    ledger.save(tmp_path / "dollars")
    load = RiskModel.load.__func__  # type: ignore[attr-defined]

    def loaded(cls: type[RiskModel], *given: Any, **options: Any) -> RiskModel:
        model = load(cls, *given, **options)
        manifest = model.manifest.model_copy(update={"unit": "USD"})
        return cls(model.parts._replace(manifest=manifest))

    monkeypatch.setattr(RiskModel, "load", classmethod(loaded))
    return replace(world, ledger=tmp_path / "dollars")


@contextmanager
def started(world: World, folder: Path) -> Iterator[TestClient]:
    with TestClient(create_app(settings(world, folder))) as client:
        yield client


SENT = [
    transfer(1, value="3000", amount=1.5),
    transfer(2, asset="token", amount=7, value=None, recipient="w9"),
    transfer(3, asset="USD", amount=12),
]


def trace(client: TestClient, wallet: str) -> list[dict[str, Any]]:
    asked = {"wallet": wallet, "direction": "backward", "as_of": "2024-12-02T00:00:00Z"}
    return list(client.post("/v1/wallets/trace", json=asked).json()["flow"]["transfers"])


def test_values_come_in_survive_a_restart_and_are_shown(dollars: World, tmp_path: Path) -> None:
    body = {"transfers": [*SENT, transfer(4, sender="x", recipient="y", value=3000.0)]}
    with started(dollars, tmp_path) as client:
        answer = client.post("/v1/transfers", json=body)
        assert answer.json()["added"] == 4
        assert client.post("/v1/transfers", json=body).json()["duplicates"] == 4
        other = {"transfers": [transfer(1, value=1.0)]}
        assert "value 3000.0 and came again with value 1.0" in client.post(
            "/v1/transfers", json=other
        ).json()["detail"]  # fmt: skip
        before = trace(client, "y")
    with started(dollars, tmp_path) as client:
        assert trace(client, "y") == before
        assert client.post("/v1/checkpoint", json={}).json()["added"] == 4
    (shown,) = before
    assert (shown["amount"], shown["asset"], shown["value"]) == (1.5, "ETH", 3000.0)
    held = Ledger.open(dollars.ledger)
    assert [held.transaction(f"new{k}")[0].value for k in (1, 2, 3)] == [3000.0, None, None]
    assert held.n_unpriced == 1


def test_a_model_of_ether_does_not_serve_a_ledger_in_dollars(world: World) -> None:
    _, model, labels = world.open()
    frame = random_transfers().iloc[:9]
    ledger = Ledger.from_transfers(frame.assign(value=1.0), unit="USD")
    with pytest.raises(RiskError, match="model counts in 'ETH', the ledger counts in 'USD'"):
        Scorer(ledger, model, labels=labels, bands=Bands())


def test_an_empty_ledger_takes_what_the_model_counts_in(world: World) -> None:
    _, model, labels = world.open()
    empty = Ledger.from_transfers(random_transfers().iloc[:0])
    Scorer(empty, model, labels=labels, bands=Bands())
    assert empty.unit == "ETH"
    with pytest.raises(RiskError, match="holds 'ETH', the transfers are of 'EUR'"):
        empty.append(random_transfers().iloc[:3].assign(asset="EUR"))


def test_a_journal_of_before_gets_its_column(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'journal.sqlite'}"
    Journal(url).close()
    engine = sa.create_engine(url)
    row = "(1, 'new1', 0, 5, 'a', 'b', 1.5, 'ETH', 6)"
    columns = ", ".join(name for name in TRANSFERS.c.keys() if name != "value")  # noqa: SIM118
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE transfers DROP COLUMN value"))
        connection.execute(sa.text(f"INSERT INTO transfers ({columns}) VALUES {row}"))
    engine.dispose()
    journal = Journal(url)
    (batch,) = journal.replay()
    journal.close()
    assert batch.to_pylist()[0]["value"] is None
    assert batch.to_pylist()[0]["amount"] == 1.5
