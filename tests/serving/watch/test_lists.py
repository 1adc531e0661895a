"""Watch lists and what waits to be delivered, as their database has them."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from serving.clock import now_us
from serving.records import Records
from serving.watch.deliverer import AT_ONCE, OF_ONE_LIST, Deliverer
from serving.watch.lists import Lists, WatchList
from serving.watch.tables import DELIVERIES, WAITING
from serving.watch.watcher import Watcher


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    found = Records(f"sqlite:///{tmp_path / 'records.sqlite'}")
    yield found
    found.close()


def made(records: Records, *names: str) -> Lists:
    lists = Lists(records)
    for name in names:
        lists.put(WatchList(name, "ledger", [name], "https://risk.example", None), "author")
    return lists


def waiting(records: Records, name: str, count: int, *, since_us: int) -> None:
    rows = [
        {
            "id": f"{name} {number}", "list": name, "body": "{}", "created_at_us": since_us,
            "state": WAITING, "attempts": 0, "due_at_us": since_us,
        }
        for number in range(count)
    ]  # fmt: skip
    with records.writing("nothing waits") as connection:
        connection.execute(sa.insert(DELIVERIES), rows)


def deliverer(records: Records) -> Deliverer:
    return Deliverer(records, networks=(), attempts=4, timeout_s=1.0)


def test_a_secret_that_ended_signs_never_again(records: Records) -> None:
    lists = made(records, "customers")
    second = lists.rotate("customers", 0)
    third = lists.rotate("customers", 3_600)
    assert second is not None
    assert third is not None
    assert lists.end_secret("customers", second.id)
    told = lists.told("customers")
    assert told is not None
    assert [(one["id"], one["ends_at"]) for one in told["secrets"]] == [(third.id, None)]


def test_a_list_with_much_to_tell_leaves_room_for_others(records: Records) -> None:
    made(records, "many", "few")
    now = now_us()
    waiting(records, "many", 500, since_us=now - 1_000_000)
    waiting(records, "few", 1, since_us=now - 500_000)
    found, _ = deliverer(records)._next()
    assert [one["list"] for one in found] == ["many"] * OF_ONE_LIST + ["few"]
    assert all(len(one["secrets"]) == 1 for one in found)


def test_no_more_are_under_way_than_may_be(records: Records) -> None:
    names = [f"list{number}" for number in range(AT_ONCE)]
    made(records, *names)
    for name in names:
        waiting(records, name, 2, since_us=now_us() - 1)
    delivering = deliverer(records)
    delivering._under_way = {"list0 0": "list0"}
    found, _ = delivering._next()
    assert len(found) == AT_ONCE - 1
    assert "list0 0" not in {one["id"] for one in found}


def test_what_is_due_later_is_waited_for(records: Records) -> None:
    made(records, "customers")
    waiting(records, "customers", 1, since_us=now_us() + 5_000_000)
    found, wait_s = deliverer(records)._next()
    assert found == []
    assert 4 < wait_s <= 5


def test_a_list_that_is_read_late_replaces_no_newer_one(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = made(records, "first")
    watcher = Watcher(records, None, debounce_s=0.0, every_s=60.0)  # type: ignore[arg-type]
    read, go_on = threading.Event(), threading.Event()
    plain: Callable[[], dict[str, set[str]]] = lists.watched

    def slow() -> dict[str, set[str]]:
        found = plain()
        if not read.is_set():  # the first to read is held up before it can keep what it read
            read.set()
            go_on.wait(0.5)
        return found

    monkeypatch.setattr(watcher.lists, "watched", slow)
    early = threading.Thread(target=watcher.reload, args=("ledger",))
    early.start()
    read.wait(5)
    made(records, "second")
    late = threading.Thread(target=watcher.reload, args=("ledger",))
    late.start()
    late.join(0.2)
    go_on.set()
    early.join(5)
    late.join(5)
    assert watcher._watched == {"ledger": {"first", "second"}}
