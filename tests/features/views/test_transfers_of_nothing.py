"""A transfer of amount 0 is nobody's sending nor receipt: address poisoning moves no column."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features import Ledger, feature_table
from features.ledger.manifest import _own_checksum
from features.ledger.verify import verify
from features.views import VIEWS
from tests.ledger_folder import generation
from tests.strategies import at, spine, transfers

BASE = [
    (0.0, "a", "victim", 5.0), (60.0, "victim", "shop", 1.0), (90.0, "shop", "b", 1.0),
    (120.0, "c", "victim", 2.0),
]  # fmt: skip
# after every payment, look-alikes of the shop in the victim's name, and of who paid it
POISON = [(61.0 + k, "victim", f"5h0p{k}", 0.0) for k in range(5)]
POISON += [(121.0, "c0", "victim", 0.0), (61.5, "victim", "victim", 0.0)]
LABELS = pd.DataFrame(
    {"wallet": ["5h0p0", "c0"], "label": "illicit", "category": "phishing", "known_at": at(-1)}
)
ASKED = spine(["victim", "shop", "a", "b", "c"], at(1e6))


def poisoned(*, of_assets: bool) -> tuple[pd.DataFrame, pd.DataFrame, str | None]:
    """Moves without poison and with it, and the unit of account."""
    clean, dirty = transfers(BASE), transfers(POISON, prefix="p")
    if not of_assets:
        return clean, pd.concat([clean, dirty]), None
    clean, dirty = (frame.assign(value=frame["amount"] * 2) for frame in (clean, dirty))
    return clean, pd.concat([clean, dirty]), "USD"


def rows_of(ledger: Ledger) -> pd.DataFrame:
    return feature_table(ledger, ASKED, labels=LABELS, views=VIEWS)


@pytest.mark.parametrize("of_assets", [False, True])
def test_poison_moves_no_column_but_those_of_dust(of_assets: bool) -> None:
    clean, both, unit = poisoned(of_assets=of_assets)
    without = rows_of(Ledger.from_transfers(clean, unit=unit))
    ledger = Ledger.from_transfers(both, unit=unit)
    found = rows_of(ledger)
    counted = [name for name in without if not str(name).startswith("dust_")]
    pd.testing.assert_frame_equal(found[counted], without[counted], check_exact=True)
    assert found["dust_out_count"].tolist() == [6.0, 0.0, 0.0, 0.0, 0.0]
    assert found["dust_in_count"].tolist() == [2.0, 0.0, 0.0, 0.0, 0.0]
    assert found["dust_senders_count"].iloc[0] == 2.0
    assert found["dust_recency_s"].iloc[0] == 1e6 - 121.0
    assert ledger.n_unpriced == 0
    assert ledger.n_transfers == len(both)


@pytest.mark.parametrize("of_assets", [False, True])
def test_a_ledger_that_grew_by_poison_is_a_rebuilt_one(tmp_path: Path, of_assets: bool) -> None:
    clean, both, unit = poisoned(of_assets=of_assets)
    rebuilt = rows_of(Ledger.from_transfers(both, unit=unit))
    ledger = Ledger.from_transfers(clean, unit=unit)
    ledger.append(both.iloc[len(clean) :])
    pd.testing.assert_frame_equal(rows_of(ledger), rebuilt, check_exact=True)
    assert ledger.append(both) == 0
    (same,) = ledger.transaction("p0")
    assert (same.sender, same.recipient, same.amount) == ("victim", "5h0p0", 0.0)
    ledger.retract(["p0", "p6"])
    assert rows_of(ledger)["dust_out_count"].iloc[0] == 4.0
    ledger.append(both)
    ledger.save(tmp_path)
    assert verify(tmp_path).transfers == len(both)
    pd.testing.assert_frame_equal(rows_of(Ledger.open(tmp_path)), rebuilt, check_exact=True)


def test_a_ledger_without_any_has_no_arrays_for_them() -> None:
    ledger = Ledger.from_transfers(transfers(BASE))
    assert all(slices.nbytes == 0 for slices in ledger.unpriced)


def test_poison_alone_is_a_ledger_of_nothing() -> None:
    ledger = Ledger.from_transfers(transfers(POISON))
    row = rows_of(ledger).iloc[0]
    assert row["coverage_in_count"] == row["coverage_out_count"] == 0.0
    assert np.isnan(row["coverage_age_s"])
    assert row["dust_out_count"] == 6.0


def test_a_folder_of_before_is_read_without_counting_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = poisoned(of_assets=False)[1]
    monkeypatch.setattr("features.ledger.build._by_price", lambda log: (log, log.take(slice(0))))
    Ledger.from_transfers(both).save(tmp_path)  # as it was laid out before
    monkeypatch.undo()
    path = tmp_path / "manifest.json"
    manifest = json.loads(path.read_text())
    for name in [name for name in manifest["bytes"] if name.startswith(("unpriced.", "kind"))]:
        (generation(tmp_path) / name).unlink()
        for listed in ("bytes", "crc32"):
            del manifest[listed][name]
    del manifest["checksum"]
    manifest["format_version"] = 4
    path.write_text(json.dumps(manifest | {"checksum": _own_checksum(manifest)}))
    rebuilt = rows_of(Ledger.from_transfers(both))
    pd.testing.assert_frame_equal(rows_of(Ledger.open(tmp_path)), rebuilt, check_exact=True)
    assert verify(tmp_path).transfers == len(both)
