"""The thread that writes: who waits for it, and what it says when the disk does not answer."""

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving.audit.asker import Asker
from serving.audit.chain import Chain
from serving.audit.committer import Committer
from serving.audit.entries import Happening
from serving.audit.errors import AuditError

WHO = Asker("desk", "", "")


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    made = Chain(tmp_path / "audit")
    yield made
    made.close()


def started(chain: Chain, *, strict: bool, most_bytes: int = 10**9) -> Committer:
    return Committer(chain, strict=strict, grown=lambda: None, most_bytes=most_bytes)


def entry(chain: Chain) -> Happening:
    return Happening(chain.new_id(), 0, "test", WHO, {})


def test_many_wait_for_one_write(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    groups: list[int] = []
    append = chain.append

    def slowly(records: Any) -> None:
        groups.append(len(records))
        time.sleep(0.05)
        append(records)

    monkeypatch.setattr(chain, "append", slowly)
    committer = started(chain, strict=True)

    async def asked() -> None:
        await committer.committed(committer.add(entry(chain)))

    async def all_asked() -> None:
        await asyncio.gather(*(asked() for _ in range(30)))

    asyncio.run(all_asked())
    assert chain.head.number == sum(groups) == 30
    assert len(groups) <= 3
    assert committer.close()


def test_relaxed_writes_without_being_waited_for(chain: Chain) -> None:
    committer = started(chain, strict=False)
    for _ in range(5):
        committer.add(entry(chain))
    end = time.monotonic() + 5
    while chain.head.number < 5 and time.monotonic() < end:
        time.sleep(0.01)
    assert chain.head.number == 5
    number = committer.add(entry(chain))
    committer.wait(number)  # and at once where it is asked for
    assert chain.head.number == 6
    assert committer.close()
    with pytest.raises(AuditError, match="closed"):
        committer.add(entry(chain))


def test_an_error_of_ours_lets_no_answer_go_on(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(chain, "append", broken)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    for strict in (False, True):
        committer = started(chain, strict=strict)
        with pytest.raises(AuditError):
            committer.wait(committer.add(entry(chain)))
        with pytest.raises(AuditError):
            committer.add(entry(chain))
        with pytest.raises(AuditError):
            committer.check()
        assert committer.close()


def test_a_disk_that_hangs_puts_the_end_off_for_a_while_only(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()
    monkeypatch.setattr(chain, "append", lambda _: let_go.wait(10))
    monkeypatch.setattr("serving.audit.committer.CLOSE_S", 0.05)
    monkeypatch.setattr("serving.audit.committer.PATIENCE_S", 0.05)
    committer = started(chain, strict=True)
    with pytest.raises(AuditError, match="in time"):
        committer.wait(committer.add(entry(chain)))
    assert not committer.close()
    let_go.set()
