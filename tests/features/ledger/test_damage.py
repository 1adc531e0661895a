"""A damaged ledger is an error of one line, whoever damaged it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from features import Ledger, LedgerError
from features.ledger import disk, files
from tests.ledger_folder import BASE, generation, manifest_of, one_line, reseal, rewrite
from tests.strategies import transfers


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    directory = tmp_path / "ledger"
    Ledger.from_transfers(transfers(BASE)).save(directory)
    return directory


def test_a_folder_without_manifest_is_no_ledger(tmp_path: Path) -> None:
    for directory in (tmp_path, tmp_path / "absent"):
        with pytest.raises(LedgerError, match="is no ledger: it has no manifest"):
            Ledger.open(directory)


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"no json"])
def test_a_garbled_manifest_is_told(saved: Path, text: bytes) -> None:
    (saved / "manifest.json").write_bytes(text)
    with pytest.raises(LedgerError, match=r"manifest\.json is no JSON", check=one_line):
        Ledger.open(saved)


@pytest.mark.parametrize("text", ["[]", "null", "{}", '{"format_version": 99}'])
def test_another_format_version_is_told(saved: Path, text: str) -> None:
    (saved / "manifest.json").write_text(text)
    with pytest.raises(LedgerError, match="this release reads 3 to 5", check=one_line):
        Ledger.open(saved)


FIELDS = ["generation", "transfers", "unit", "bytes", "crc32", "last_time_us"]


@pytest.mark.parametrize("field", FIELDS)
def test_an_incomplete_manifest_is_told(saved: Path, field: str) -> None:
    manifest = manifest_of(saved)
    del manifest[field]
    (saved / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(LedgerError, match=f"manifest.json lacks .*{field}", check=one_line):
        Ledger.open(saved)


@pytest.mark.parametrize("change", [{"unit": "BTC"}, {"transfers": 2}, {"last_time_us": 0}])
def test_a_manifest_that_was_changed_is_told(saved: Path, change: dict[str, object]) -> None:
    (saved / "manifest.json").write_text(json.dumps(manifest_of(saved) | change))
    with pytest.raises(LedgerError, match="does not fit its own checksum", check=one_line):
        Ledger.open(saved)


def test_a_manifest_is_no_way_out_of_the_folder(saved: Path) -> None:
    rewrite(saved, generation="generation-0/../../elsewhere")
    with pytest.raises(LedgerError, match="lacks a valid generation", check=one_line):
        Ledger.open(saved)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "9" * 10_000])
def test_a_deep_or_endless_manifest_is_told(saved: Path, text: str) -> None:
    (saved / "manifest.json").write_text(text)
    with pytest.raises(LedgerError, match=r"manifest\.json is no JSON", check=one_line):
        Ledger.open(saved)


@pytest.mark.parametrize("listed", [None, [], {}, {"../../secret": 1}])
def test_a_manifest_that_lists_other_files_is_told(saved: Path, listed: object) -> None:
    for field in ("bytes", "crc32"):
        rewrite(saved, **{field: listed})
        with pytest.raises(LedgerError, match="damaged ledger", check=one_line):
            Ledger.open(saved)


FILES = [
    "outgoing.amount.npy",
    "incoming.time.npy",
    "wallet_hash.npy",
    "wallets.arrow",
    "tx_ids.arrow",
]


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_told(saved: Path, name: str) -> None:
    (generation(saved) / name).unlink()
    with pytest.raises(LedgerError, match=f"{name} is missing, expected", check=one_line):
        Ledger.open(saved)


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_told(saved: Path, name: str) -> None:
    path = generation(saved) / name
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(LedgerError, match=f"{name} is .* bytes, expected", check=one_line):
        Ledger.open(saved)


def object_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.array([{}], dtype=object), allow_pickle=True)


def noise(path: Path) -> None:
    path.write_bytes(b"\x00" * 200)


@pytest.mark.parametrize("damage", [object_array, noise])
@pytest.mark.parametrize("name", ["outgoing.amount.npy", "outgoing.start.npy", "wallets.arrow"])
def test_a_file_that_holds_something_else_is_told(
    saved: Path, name: str, damage: Callable[[Path], None]
) -> None:
    path = generation(saved) / name
    damage(path)
    reseal(saved)
    with pytest.raises(LedgerError, match=f"damaged ledger .*{name}", check=one_line):
        Ledger.open(saved)


def test_a_header_that_ends_too_early_is_told(saved: Path) -> None:
    path = generation(saved) / "outgoing.amount.npy"
    path.write_bytes(path.read_bytes().replace(b")", b"(", 1))
    reseal(saved)
    with pytest.raises(LedgerError, match=r"damaged ledger .*outgoing.amount", check=one_line):
        Ledger.open(saved)


@pytest.mark.parametrize("name", sorted(files.FILES))
def test_a_changed_byte_is_told(saved: Path, name: str) -> None:
    path = generation(saved) / name
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)
    with pytest.raises(LedgerError, match=f"{name} is not as it was written", check=one_line):
        Ledger.open(saved)


def test_a_name_that_leads_to_another_file_is_told(saved: Path) -> None:
    amounts = [generation(saved) / f"{side}.amount.npy" for side in ("incoming", "outgoing")]
    amounts[0].write_bytes(amounts[1].read_bytes()[::-1])
    with pytest.raises(LedgerError, match=r"incoming\.amount\.npy is not as it was"):
        Ledger.open(saved)


WRONG = [  # array, place, value, what is said; a -1 is a code, too, of nobody
    ("sender", 0, -1, "sender: the code of a wallet belongs to none"),
    ("sender", 0, 3, "sender: the code of a wallet belongs to none"),
    ("outgoing.start", 1, 2**40, "outgoing: a slice does not begin where"),
    ("incoming.count", 1, -1, "incoming: a slice does not begin where"),
    ("incoming.count", 2, 9, "incoming: a slice does not begin where"),
    ("outgoing.counterparty", 0, 3, "outgoing: the code of a counterparty"),
    ("incoming.counterparty", 2, -2, "incoming: the code of a counterparty"),
    ("incoming.transfer", 0, 2**31 - 1, "incoming: the number of a row"),
    ("outgoing.amount", 0, np.nan, "outgoing: an amount is not from 0"),
    ("outgoing.amount", 0, -1.0, "outgoing: an amount is not from 0"),
]


@pytest.mark.parametrize(("name", "place", "value", "said"), WRONG)
def test_what_leads_astray_is_told_even_where_checksums_fit(
    saved: Path, name: str, place: int, value: float, said: str
) -> None:
    path = generation(saved) / f"{name}.npy"
    array = np.load(path)
    array[place] = value
    np.save(path, array)
    reseal(saved)
    with pytest.raises(LedgerError, match=said, check=one_line):
        Ledger.open(saved)


@pytest.mark.parametrize("kind", [np.int32, np.float64, np.uint64])
def test_an_array_of_another_kind_or_length_is_told(saved: Path, kind: type) -> None:
    path = generation(saved) / "incoming.time.npy"
    np.save(path, np.load(path).astype(kind))
    reseal(saved)
    with pytest.raises(LedgerError, match=r"it holds \w+ of \(3,\), expected int64 of \(3,\)"):
        Ledger.open(saved)
    np.save(path, np.zeros(4, np.int64))
    reseal(saved)
    with pytest.raises(LedgerError, match=r"it holds int64 of \(4,\), expected int64 of \(3,\)"):
        Ledger.open(saved)


ENDS = np.array([0, 2, 1, 3]).tobytes()
TEXTS: dict[str, Any] = {
    "short": pa.array(["a"], pa.large_string()),
    "bytes": pa.array([b"a", b"b", b"c"], pa.large_binary()),
    "nulls": pa.array(["a", None, "c"], pa.large_string()),
    "falling ends": pa.Array.from_buffers(
        pa.large_string(),
        3,
        [None, pa.py_buffer(ENDS), pa.py_buffer(b"abc")],
    ),
}


@pytest.mark.parametrize("text", TEXTS)
def test_texts_of_another_kind_or_length_are_told(saved: Path, text: str) -> None:
    path = generation(saved) / "wallets.arrow"
    disk._write_text(path, TEXTS[text])
    reseal(saved)
    with pytest.raises(LedgerError, match=r"damaged ledger .*wallets", check=one_line):
        Ledger.open(saved)
