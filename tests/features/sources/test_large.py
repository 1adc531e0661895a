"""Tables that are larger than memory may become the same ledger as those that are not."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features import Ledger, SourceError, TransfersError
from features.contracts.prices import check_prices
from features.errors import LedgerError
from features.ledger import known_whole
from features.ledger.external.store import Store
from features.ledger.manifest import read_manifest
from features.sources import chunks, large
from features.sources.formats import Reading, read_files
from features.sources.guards import check_source
from features.sources.ingest import Counting, Ingested, put_away
from features.sources.large import Large, ingest_large
from features.sources.size import Size, parse_size, require_disk, size_of
from tests.large_worlds import content, large_world

SMALL = Size(100, 10_000)


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks and stretches of few rows."""
    monkeypatch.setattr(chunks, "CHUNK_ROWS", 100)
    monkeypatch.setattr("features.sources.tables.BLOCK_BYTES", 1 << 13)
    monkeypatch.setattr(large, "_LEAST_ROWS", 32)


def silent(stage: str, done: int, total: int | None, /, label: str = "") -> None:
    """Show nothing."""


def written(folder: Path, ending: str = ".csv") -> list[Path]:
    """A world with bad rows and copies, in two files."""
    frame = large_world(900, 60, 3, ("ETH", "USDT")).drop(columns="value")
    frame = frame.astype({"amount": "object"}) if ending == ".csv" else frame
    if ending == ".csv":
        frame.loc[[5, 700], "amount"] = "much"
        frame.loc[9, "sender"] = ""
        frame.loc[9, "recipient"] = ""
    frame = pd.concat([frame, frame.iloc[20:24].assign(amount=7.25)], ignore_index=True)
    paths = [folder / f"{name}{ending}" for name in "ab"]
    for path, part in zip(paths, (frame.iloc[:500], frame.iloc[500:]), strict=True):
        if ending == ".csv":
            part.to_csv(path, index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
        elif ending == ".parquet":
            part.to_parquet(path)
        else:
            part.to_feather(path)
    return paths


PRICES = check_prices(
    pd.DataFrame(
        {
            "asset": ["ETH", "USDT"],
            "timestamp": ["2020-09-13T12:28:00Z"] * 2,
            "price": [400.0, 1.0],
        }
    )
)
IN_DOLLARS = Counting("simulation", "USD", PRICES)
ASIDE = Reading("quarantine", chain="simulation")


def asked(paths: list[Path], **changed: Any) -> Large:
    given = {"options": {}, "how": ASIDE, "counting": IN_DOLLARS, "memory": 1 << 20, **changed}
    return Large(paths, **given)


def in_memory(paths: list[Path], to: Path) -> Ingested:
    return put_away(read_files("table", paths, {}, ASIDE), to, counting=IN_DOLLARS)


def aside(to: Path) -> list[Any]:
    """Bad rows, by file and line."""
    bad = pd.read_csv(to.with_name(f"{to.name}.quarantine.csv"))
    rows: list[Any] = bad.sort_values([*bad.columns[:2]]).to_dict("records")
    return rows


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".arrow"])
def test_the_same_ledger_and_the_same_bad_rows(tmp_path: Path, ending: str) -> None:
    paths = written(tmp_path, ending)
    small = in_memory(paths, tmp_path / "small")
    done, warnings = ingest_large(asked(paths), SMALL, tmp_path / "large", silent)
    assert content(tmp_path / "large") == content(tmp_path / "small")
    told, expected = done.facts(), small.facts()
    for name in ("ledger", "bad_rows_file"):
        del told[name], expected[name]
    assert told == expected
    assert done.bad_rows == (7 if ending == ".csv" else 4)
    assert str(aside(tmp_path / "large")) == str(aside(tmp_path / "small"))
    expected_warnings = check_source(read_files("table", paths, {}, ASIDE))
    # copies count as often as they come, and are found only after this was told
    assert [one.partition(";")[0] for one in warnings] == [
        one.partition(";")[0] for one in expected_warnings
    ]
    assert not (tmp_path / "large.building").exists()


def test_reading_that_was_cut_off_goes_on_within_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = written(tmp_path)
    in_memory(paths, tmp_path / "small")
    commit, seen = Store.commit, [0]

    def breaks(store: Store, *args: Any) -> None:
        seen[0] += 1
        if seen[0] in (2, 4, 12):  # in the first file, in the second, and among later stages
            raise OSError(28, "No space left on device")
        commit(store, *args)

    monkeypatch.setattr(Store, "commit", breaks)
    for _ in range(3):
        with pytest.raises(LedgerError, match="No space left on device; what is there stays"):
            ingest_large(asked(paths), SMALL, tmp_path / "large", silent)
    done, _ = ingest_large(asked(paths), SMALL, tmp_path / "large", silent)
    assert content(tmp_path / "large") == content(tmp_path / "small")
    assert str(aside(tmp_path / "large")) == str(aside(tmp_path / "small"))
    assert done.bad_rows == 7


def test_files_that_changed_are_not_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = written(tmp_path)

    def breaks(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(large._Run, "_take", breaks)
        with pytest.raises(LedgerError, match="ask again to go on"):
            ingest_large(asked(paths), SMALL, tmp_path / "large", silent)
    with pytest.raises(LedgerError, match="cut off, of other bad rows; give the same again"):
        ingest_large(
            asked(paths, how=Reading(chain="simulation")), SMALL, tmp_path / "large", silent
        )
    paths[0].write_text(paths[0].read_text() + "\n")
    with pytest.raises(LedgerError, match="cut off, of other files"):
        ingest_large(asked(paths), SMALL, tmp_path / "large", silent)


def test_a_ledger_that_counts_as_large_opens_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for module in (known_whole, large):
        monkeypatch.setattr(module, "LEAST_BYTES", 0)
    monkeypatch.setattr(large, "SETTLED_S", 0.0)
    monkeypatch.setattr(known_whole, "SETTLED_S", -3600.0)
    ingest_large(asked(written(tmp_path)), SMALL, tmp_path / "large", silent)
    manifest = read_manifest(tmp_path / "large")
    assert known_whole.is_known(tmp_path / "large" / manifest.generation, manifest)


def test_mistakes_are_named_by_file_and_line(tmp_path: Path) -> None:
    paths = written(tmp_path)
    how = Reading(chain="simulation")
    with pytest.raises(SourceError, match=r"a\.csv: amount is not a number.*line 7: 'much'"):
        ingest_large(asked(paths, how=how), SMALL, tmp_path / "large", silent)
    paths = written(tmp_path, ".parquet")
    with pytest.raises(TransfersError, match=r"is in \S+a\.parquet row 2\d with amount"):
        ingest_large(asked(paths, how=how), SMALL, tmp_path / "large", silent)
    with pytest.raises(SourceError, match=r"rows are bad, 0\.4%.*the first: \S+ row"):
        ingest_large(asked(paths, most_bad=0), SMALL, tmp_path / "large", silent)
    assert [*tmp_path.glob("large*")] == []


def test_a_ledger_that_is_there_is_not_built_anew(tmp_path: Path) -> None:
    paths = written(tmp_path)
    in_memory(paths, tmp_path / "ledger")
    with pytest.raises(SourceError, match=r"holds a ledger.*more than --memory allows"):
        ingest_large(asked(paths), SMALL, tmp_path / "ledger", silent)
    assert Ledger.open(tmp_path / "ledger").n_transfers > 0


def test_files_of_other_columns_are_refused(tmp_path: Path) -> None:
    paths = written(tmp_path)
    pd.read_csv(paths[1]).assign(fee=1).to_csv(paths[1], index=False)
    with pytest.raises(SourceError, match=r"b\.csv: has the columns .*; load them apart"):
        ingest_large(asked(paths), SMALL, tmp_path / "large", silent)


def test_nothing_that_can_be_kept(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "tx_id,timestamp,sender,recipient,amount,asset\nt,2024-01-01T00:00:00Z,a,b,-1,ETH\n"
    )
    with pytest.raises(SourceError, match="holds no transfer that can be kept"):
        ingest_large(asked([tmp_path / "a.csv"]), SMALL, tmp_path / "large", silent)


def test_the_size_of_files_is_known_before_they_are_read(tmp_path: Path) -> None:
    paths = [
        path for ending in (".csv", ".parquet", ".arrow") for path in written(tmp_path, ending)
    ]
    whole = len(large_world(900, 60, 3)) + 4
    for pair in (paths[:2], paths[2:4], paths[4:]):
        size = size_of(pair)
        assert size.rows == pytest.approx(whole, rel=0.01)
        assert size.memory > size.text > 0
    assert size_of([tmp_path / "absent.csv"]) == Size(0, 0)


def test_a_disk_that_is_too_small_is_told_of_before(tmp_path: Path) -> None:
    require_disk(tmp_path / "not" / "there", Size(1000, 100_000))
    with pytest.raises(SourceError, match=r"about \d+ transfers take .* GB of disk .* are free"):
        require_disk(tmp_path, Size(10**15, 10**17))


def test_a_size_in_words() -> None:
    assert (parse_size("4GB"), parse_size("0.5 mb")) == (4 << 30, 1 << 19)
    for text in ("4", "GB", "0GB", "4 XB"):
        with pytest.raises(SourceError, match="a size is such as 500MB or 4GB"):
            parse_size(text)


def test_what_is_begun_is_json(tmp_path: Path) -> None:
    facts = asked(written(tmp_path), options={"columns": {"fee": "gas"}}).facts()
    assert json.loads(json.dumps(facts)) == facts
