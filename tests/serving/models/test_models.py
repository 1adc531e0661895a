"""Another model takes over without a failed request, is refused, or is taken back."""

import threading
import time
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features import RiskError
from serving import create_app
from serving.endpoint import Endpoint
from serving.models.history import History
from serving.models.keeper import PLACE, Keeper
from serving.models.place import Folder, Found
from serving.records import RecordsError
from tests.serving.conftest import LATER, TestClient, World, answered, settings
from tests.serving.models.variants import variant
from training import RiskModel
from training.bands import BandRows, BandTable

SCORE = "/v1/wallets/score"
PAST = LATER.isoformat()
WHY = {"why": "too many alerts"}


@contextmanager
def serving(world: World, folder: Path, **changes: Any) -> Iterator[TestClient]:
    """An endpoint over a model folder of its own, which looks for others when it is asked to."""
    place = folder / "model"
    if not place.exists():
        variant(world.model, place)
    given = {"model": str(place), "records": f"sqlite:///{folder / 'records.db'}"}
    given["model_poll_s"] = 3_600  # type: ignore[assignment]
    with TestClient(create_app(settings(world, folder, **(given | changes)))) as client:
        yield client


def told(client: TestClient) -> dict[str, Any]:
    (one,) = client.get("/v1/models").json()["models"]
    found: dict[str, Any] = one
    return found


def asked(client: TestClient, wallet: str = "w1") -> dict[str, Any]:
    return answered(client, SCORE, {"wallet": wallet, "as_of": PAST})


def keeper(client: TestClient) -> Keeper:
    endpoint: Endpoint = client.app.state.endpoint  # type: ignore[attr-defined]
    return endpoint.models.keeper(next(iter(endpoint.services)))


def test_another_model_takes_over(world: World, tmp_path: Path) -> None:
    with serving(world, tmp_path) as client:
        first = told(client)
        before = asked(client)
        assert first["changes"][-1] | {"how": "start", "by": PLACE} == first["changes"][-1]
        assert not answered(client, "/v1/models:reload", {})["changed"]
        second = variant(world.model, tmp_path / "model", base_rate=0.3)
        assert asked(client)["model"]["version"] == first["version"]
        now = answered(client, "/v1/models:reload", {})
        assert (now["changed"], now["version"], now["refused"]) == (True, second, None)
        assert now["changes"][0]["before"] == first["version"]
        after = asked(client)
        assert after["model"]["version"] == second
        assert after["base_rate"] == 0.3
        assert after["probability"] > before["probability"]
        assert client.get("/v1/model").json()["version"] == second
        text = client.get("/metrics").text
    assert f'walletrisk_model{{ledger="ledger",model_version="{second}"}} 1.0' in text
    assert f'walletrisk_model{{ledger="ledger",model_version="{first["version"]}"}}' not in text
    assert 'walletrisk_model_changes_total{how="reload",ledger="ledger"} 1.0' in text


def test_it_is_found_without_being_asked_for(world: World, tmp_path: Path) -> None:
    with serving(world, tmp_path, model_poll_s=0.02) as client:
        second = variant(world.model, tmp_path / "model", base_rate=0.3)
        end = time.monotonic() + 20
        while asked(client)["model"]["version"] != second:
            assert time.monotonic() < end
            time.sleep(0.02)
        assert told(client)["changes"][0]["by"] == PLACE


def test_a_rollback_is_at_once_and_holds(world: World, tmp_path: Path) -> None:
    with serving(world, tmp_path) as client:
        first, before = told(client)["version"], asked(client)
        assert client.post("/v1/models:rollback", json=WHY).status_code == 422
        second = variant(world.model, tmp_path / "model", base_rate=0.3)
        answered(client, "/v1/models:reload", {})
        wrong = client.post("/v1/models:rollback", json={**WHY, "version": first})
        assert f"model {second} answers, not {first}" in wrong.json()["detail"]
        back = answered(client, "/v1/models:rollback", {**WHY, "version": second})
        assert (back["changed"], back["version"]) == (True, first)
        assert back["held"]["why"] == WHY["why"]
        assert 'walletrisk_model_held{ledger="ledger"} 1.0' in client.get("/metrics").text
        same = asked(client)
        assert {**same, "id": 0, "request_id": 0} == {**before, "id": 0, "request_id": 0}
        # neither the poll nor a request undoes it, while the place holds what it came back from
        assert not keeper(client).look()
        assert not answered(client, "/v1/models:reload", {})["changed"]
        assert "none before it is kept" in client.post("/v1/models:rollback", json=WHY).text
    # nor does a restart, though its place holds the other one
    with serving(world, tmp_path) as client:
        assert told(client)["version"] == first
        assert told(client)["held"]["before"] == second
        assert not keeper(client).look()
        assert client.post("/v1/models:release", json={"why": ""}).status_code == 422
        free = answered(client, "/v1/models:release", {"why": "it was the feed"})
        assert (free["changed"], free["version"], free["held"]) == (True, second, None)
        assert 'walletrisk_model_held{ledger="ledger"} 0.0' in client.get("/metrics").text
        assert [one["how"] for one in free["changes"]] == [
            "reload", "release", "rollback", "reload", "start",
        ]  # fmt: skip
        assert "not held" in client.post("/v1/models:release", json=WHY).text


def test_a_place_that_moves_on_ends_a_rollback(world: World, tmp_path: Path) -> None:
    with serving(world, tmp_path) as client:
        variant(world.model, tmp_path / "model", base_rate=0.3)
        answered(client, "/v1/models:reload", {})
        answered(client, "/v1/models:rollback", WHY)
        third = variant(world.model, tmp_path / "model", base_rate=0.2)
        assert keeper(client).look()
        assert (told(client)["version"], told(client)["held"]) == (third, None)


def test_a_change_that_cannot_be_written_down_is_made_at_the_next_look(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise RecordsError("the disk is full")

    with serving(world, tmp_path) as client:
        first = told(client)["version"]
        second = variant(world.model, tmp_path / "model", base_rate=0.3)
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(History, "add", full)
            with pytest.raises(RecordsError):
                keeper(client).look()
        assert told(client)["version"] == first
        assert keeper(client).look()
        assert told(client)["version"] == second


def test_a_rollback_that_is_let_go_of_while_its_place_is_looked_up_refuses_nothing(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(world, tmp_path) as client:
        second = variant(world.model, tmp_path / "model", base_rate=0.3)
        answered(client, "/v1/models:reload", {})
        answered(client, "/v1/models:rollback", WHY)
        held, fetch = keeper(client), Folder.fetch

        def slow(folder: Folder, room: Path, unless: Collection[str]) -> Found:
            found = fetch(folder, room, unless)
            held.release(by="an admin", why="it was the feed")
            return found

        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(Folder, "fetch", slow)
            assert not held.look(by="another admin")
        assert told(client)["refused"] is None
        assert held.look()
        assert told(client)["version"] == second


def test_a_rollback_is_possible_after_a_restart(world: World, tmp_path: Path) -> None:
    with serving(world, tmp_path) as client:
        first = told(client)["version"]
        variant(world.model, tmp_path / "model", base_rate=0.3)
        answered(client, "/v1/models:reload", {})
    with serving(world, tmp_path) as client:
        assert answered(client, "/v1/models:rollback", WHY)["version"] == first


def unfit(world: World, folder: Path, how: str) -> str:
    """Put a model there that cannot answer, and tell the words in which it is refused."""
    if how == "unit":
        variant(world.model, folder, unit="USD")
        return "USD"
    if how == "torn":
        variant(world.model, folder, base_rate=0.3)
        (torn,) = (path for path in folder.iterdir() if path.name == "calibration.json")
        torn.write_bytes(torn.read_bytes()[:-1])
        return "was changed: its sha256 is"
    (folder / "manifest.json").unlink()
    return "manifest.json"


@pytest.mark.parametrize("how", ["unit", "torn", "gone"])
def test_what_does_not_fit_is_refused(world: World, tmp_path: Path, how: str) -> None:
    with serving(world, tmp_path) as client:
        first, before = told(client)["version"], asked(client)
        words = unfit(world, tmp_path / "model", how)
        refused = client.post("/v1/models:reload", json={})
        assert refused.status_code == 422
        assert words in refused.json()["detail"]
        assert words in told(client)["refused"]["reason"]
        assert {**asked(client), "id": 0, "request_id": 0} == {**before, "id": 0, "request_id": 0}
        assert 'walletrisk_model_refused{ledger="ledger"} 1.0' in client.get("/metrics").text
    # a start does not make it better: the one that answered last is kept, and says why
    with serving(world, tmp_path) as client:
        assert told(client)["version"] == first
        assert words in told(client)["refused"]["reason"]
        mended = variant(world.model, tmp_path / "mended", base_rate=0.3)
        for path in (tmp_path / "model").iterdir():
            path.unlink()
        for path in (tmp_path / "mended").iterdir():
            path.rename(tmp_path / "model" / path.name)
        assert answered(client, "/v1/models:reload", {})["version"] == mended
        assert told(client)["refused"] is None


def test_without_a_model_that_answered_a_bad_one_does_not_start(
    world: World, tmp_path: Path
) -> None:
    variant(world.model, tmp_path / "model", unit="USD")
    with pytest.raises(RiskError, match="USD"), serving(world, tmp_path):
        pass


def test_bands_of_a_table_are_of_the_model_that_answers(world: World, tmp_path: Path) -> None:
    first = variant(world.model, tmp_path / "model")
    bands = tmp_path / "bands"
    bands.mkdir()

    def choose(name: str, version: str, base_rate: float) -> None:
        table = BandTable(
            name=name, thresholds={"high": 0.5}, unit="u", chosen_by="c", seen={},
            rows=BandRows(count=1, illicit=None, first=LATER, last=LATER), model_version=version,
            base_rate=base_rate, made_at=LATER,
        )  # fmt: skip
        (bands / f"{name}.json").write_text(table.model_dump_json())

    choose("first", first, 0.02)
    with serving(world, tmp_path, band_table=bands) as client:
        assert asked(client)["bands"]["version"] == "first"
        second = variant(world.model, tmp_path / "model", base_rate=0.3)
        with pytest.raises(RiskError, match=f"no band table of model {second} at base rate 0.3"):
            keeper(client).look()
        assert not keeper(client).look()  # seen, and no other tables
        choose("second", second, 0.3)
        assert keeper(client).look()
        assert asked(client)["bands"]["version"] == "second"


def test_no_answer_fails_or_mixes_two_models(world: World, tmp_path: Path) -> None:
    """Twenty reloads under load: all of each answer is of the version that it names."""
    folders = {}
    for number in range(3):
        folder = tmp_path / f"m{number}"
        folders[variant(world.model, folder, base_rate=0.01 * (number + 1))] = folder
    wallets = [f"w{number}" for number in range(20)]
    ledger, _, labels = world.open()
    spine = pd.DataFrame({"wallet": wallets, "as_of": LATER})
    true: dict[tuple[str, str], float] = {}
    for version, folder in folders.items():
        said = RiskModel.load(folder).score(ledger, spine, labels)["probability"]
        true |= {(version, wallet): float(one) for wallet, one in zip(wallets, said, strict=True)}
    stop = threading.Event()

    def load(client: TestClient, number: int) -> list[set[str]]:
        seen: list[set[str]] = []
        while not stop.is_set():
            items = [{"wallet": wallet, "as_of": PAST} for wallet in wallets]
            if number == 0:
                found = answered(client, f"{SCORE}:batch", {"items": items})["items"]
            else:
                found = [answered(client, SCORE, items[len(seen) % len(items)])]
            for one in found:
                wallet, version = one["wallet"]["address"], one["model"]["version"]
                assert one["probability"] == true[version, wallet]
                parts = sum(part["contribution"] for part in one["groups"])
                total = one["base_log_odds"] + parts + one["other_groups_log_odds"]
                assert abs(total - one["log_odds"]) < 1e-9
            seen.append({one["model"]["version"] for one in found})
        return seen

    (tmp_path / "model").symlink_to(tmp_path / "m0")
    with serving(world, tmp_path) as client, ThreadPoolExecutor(3) as pool:
        asking = [pool.submit(load, client, number) for number in range(3)]
        for number in range(20):
            next_one = tmp_path / "next"
            next_one.symlink_to(tmp_path / f"m{(number + 1) % 3}")
            next_one.rename(tmp_path / "model")
            assert keeper(client).look()
        stop.set()
        seen = [versions for one in asking for versions in one.result()]
        assert len(seen) > 20
        assert all(len(versions) == 1 for versions in seen)
        assert len(set.union(*seen)) == 3
