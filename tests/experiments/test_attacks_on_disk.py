"""The attacks of experiment 0005 on a ledger's folder, at sizes that fit here."""

import pytest

from tests.quick_run import quick_run


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    folder = tmp_path_factory.mktemp("attacks")
    _, measures = quick_run("0005-attacks/disk.py", folder)
    return measures


def test_ingests_at_once_lose_nothing(found: dict[str, float]) -> None:
    assert found["two ingests at once: transfers lost after success"] == 0
    assert found["two ingests at once: ledgers unreadable"] == 0


def test_no_open_beside_a_writer_fails(found: dict[str, float]) -> None:
    assert found["opens beside a writer"] > 20
    assert found["opens beside a writer that failed"] == 0


def test_every_tampering_is_told_or_harmless(found: dict[str, float]) -> None:
    told = found["tampering, 40: refused"]
    assert told + found["tampering, 40: harmless"] == 40
    assert told > 30
    for bad in ("other scores", "crash", "traceback", "refused in several lines"):
        assert found[f"tampering, 40: {bad}"] == 0


def test_who_makes_checksums_fit_crashes_nothing(found: dict[str, float]) -> None:
    assert found["tampering, 40, checksums made to fit: crash or traceback"] == 0
    assert found["tampering, 40, checksums made to fit: refused"] > 5


def test_a_full_disk_leaves_the_former_ledger(found: dict[str, float]) -> None:
    assert found["full disk, 2: told in one line"] == 2
    assert found["full disk, 2: former ledger whole"] == 2
    assert found["full disk, 2: partial generations left"] == 0
