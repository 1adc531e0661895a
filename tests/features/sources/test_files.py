"""Reading parquet and CSV files into the contracts: types, names, and every way to fail."""

import gzip
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from features.errors import LabelsError, SourceError, SpineError, TransfersError
from features.sources import tables
from features.sources.files import (
    LABEL_COLUMNS,
    load_transfers,
    parse_column_map,
    read_labels,
    read_spine,
    read_transfers,
)
from features.sources.writing import Writing
from tests.files import HEADER, ROW, T0, csv_file, parquet_file, rows


def test_a_csv_file_keeps_ids_as_text(tmp_path: Path) -> None:
    long = "9" * 70
    path = csv_file(tmp_path, HEADER + f"{long},2024-01-01T00:00:00Z,0012,1e5,7,NA\n")
    loaded = load_transfers([path])
    names = loaded[["tx_id", "sender", "recipient", "asset"]]
    assert names.to_numpy()[0].tolist() == [
        long,
        "0012",
        "1e5",
        "NA",
    ]
    assert loaded["amount"].tolist() == [7.0]


def test_csv_and_parquet_of_the_same_transfers_agree(tmp_path: Path) -> None:
    from_csv = load_transfers([csv_file(tmp_path, HEADER + rows(3))])
    path = tmp_path / "same.parquet"
    from_csv.to_parquet(path)
    pd.testing.assert_frame_equal(load_transfers([path]), from_csv)


def test_quotes_byte_order_mark_windows_lines_and_gzip(tmp_path: Path) -> None:
    text = (
        "\ufeff"
        + HEADER.strip()
        + ",note\r\n"
        + '"t,1",2024-01-01T00:00:00Z,a,b,1,ETH,"x\r\ny"\r\n'
    )
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    assert load_transfers([path])["tx_id"].tolist() == ["t,1"]


def test_mapped_columns_are_read_and_others_are_left(tmp_path: Path) -> None:
    text = "hash,from,to,value,time,junk\nt,a,b,2,1704067200,\x01\n"
    columns = parse_column_map("tx_id=hash,sender=from,recipient=to,amount=value,timestamp=time")
    path = csv_file(tmp_path, text)
    loaded = load_transfers([path], columns=columns, asset="ETH", writing=Writing(time_unit="s"))
    assert loaded["timestamp"].tolist() == [T0]
    assert loaded["asset"].tolist() == ["ETH"]


def test_a_mapping_wins_over_a_column_of_the_contracts_name(tmp_path: Path) -> None:
    path = parquet_file(tmp_path, owner=["x", "y"])
    assert load_transfers([path], columns={"sender": "owner"})["sender"].tolist() == ["x", "y"]


def test_optional_columns_are_read_where_present(tmp_path: Path) -> None:
    text = HEADER.strip() + ",block,position,fee\n" + ROW.format(i=1).strip() + ",7,2,\n"
    loaded = load_transfers([csv_file(tmp_path, text)])
    assert loaded[["block", "position"]].to_numpy().tolist() == [[7, 2]]
    assert loaded["fee"].isna().all()


def test_integer_wallets_and_other_parquet_types(tmp_path: Path) -> None:
    path = parquet_file(
        tmp_path,
        sender=[7, 8],
        recipient=pa.array(["r", "q"]).dictionary_encode(),
        asset=pa.array(["ETH", "ETH"], type=pa.string_view()),
        amount=pa.array([1, 2], type=pa.decimal128(38, 0)),
    )
    loaded = load_transfers([path])
    assert loaded["sender"].tolist() == ["7", "8"]
    assert loaded["recipient"].tolist() == ["r", "q"]
    assert loaded["amount"].tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ("a,never,s,r,1,ETH", r"timestamp is not an ISO 8601 time in 1 row \(line 3: 'never'\)"),
        ('a,2024-01-01T00:00:00Z,s,r,"1,5",ETH', r"amount has a comma: say .*line 3: '1,5'"),
        ("a,2024-01-01T00:00:00Z,s,r,0x10,ETH", r"amount is not a number .*line 3: '0x10'"),
    ],
)
def test_cells_that_cannot_be_read_name_file_row_and_text(
    tmp_path: Path, cells: str, message: str
) -> None:
    path = csv_file(tmp_path, HEADER + rows(1) + cells + "\n")
    with pytest.raises(SourceError, match=rf"t\.csv: {message}"):
        load_transfers([path])
    with pytest.raises(SourceError, match=message):
        list(read_transfers(path))
    good, bad = load_transfers([path], on_error="quarantine")
    assert len(good) == 1
    assert bad.index.tolist() == [(str(path), 3)]
    assert re.search("is not a|has a comma", bad["reason"].iloc[0])


def test_an_unreadable_optional_cell_is_not_taken_for_a_missing_one(tmp_path: Path) -> None:
    text = HEADER.strip() + ",fee\n" + ROW.format(i=0).strip() + ",free\n"
    _, bad = load_transfers([csv_file(tmp_path, text)], on_error="quarantine")
    assert bad["reason"].tolist() == ["fee is not a number: 'free'"]


def test_broken_rows_name_the_file_they_are_in(tmp_path: Path) -> None:
    first = csv_file(tmp_path, HEADER + rows(2), "a.csv")
    second = csv_file(tmp_path, HEADER + rows(3) + "x,2024-01-01T00:00:00Z,,r,-1,ETH\n", "b.csv")
    with pytest.raises(TransfersError, match=r"sender is missing in 1 row \(\S*b\.csv line 5\)"):
        load_transfers([first, second])
    good, bad = load_transfers([first, second], on_error="quarantine")
    assert good["tx_id"].tolist() == ["t0", "t1", "t2"]
    assert good.attrs["duplicates"] == 2
    assert bad.index.tolist() == [(str(second), 5)]
    assert bad.index.names == ["file", "line"]


def test_files_with_other_optional_columns_are_not_mixed(tmp_path: Path) -> None:
    plain = parquet_file(tmp_path)
    with_fee = parquet_file(tmp_path, "fee.parquet", fee=[0.1, 0.2])
    with pytest.raises(SourceError, match=r"fee\.parquet: has the columns .*, but \S+t\.parquet"):
        load_transfers([plain, with_fee])


def test_progress_counts_every_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "BLOCK_BYTES", 100)
    path = csv_file(tmp_path, HEADER + rows(9))
    read: list[int] = []
    load_transfers([path], on_batch=read.append)
    assert len(read) > 2
    assert sum(read) == 9
    assert [len(frame) for frame in read_transfers(path)] == read


@pytest.mark.parametrize("kind", ["csv", "parquet", "no file at all"])
def test_no_rows_give_an_empty_frame_of_the_right_types(tmp_path: Path, kind: str) -> None:
    full = load_transfers([csv_file(tmp_path, HEADER + rows(1))])
    path = csv_file(tmp_path, HEADER, "empty.csv")
    if kind == "parquet":
        path = tmp_path / "empty.parquet"
        full.iloc[:0].to_parquet(path)
    empty = load_transfers([path] if kind != "no file at all" else [])
    assert empty.empty
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.csv", None, "none.csv: no such file"),
        ("zero.csv", b"", "zero.csv: is empty"),
        ("zero.parquet", b"", "cannot be read as parquet"),
        ("zero.csv.gz", b"", "zero.csv.gz: is empty"),
        ("noise.csv", bytes(range(256)) * 9, "noise.csv: cannot be read as CSV"),
        ("nul.csv", b"a,b\0\n", "it holds binary data"),
        ("noise.parquet", bytes(range(256)), "noise.parquet: cannot be read as parquet"),
        ("noise.csv.gz", b"not gzip", "noise.csv.gz: cannot be read as CSV"),
        ("t.xlsx", b"a", r"t.xlsx: unknown kind of file; allowed: \.parquet, \.pq, \.arrow"),
        ("short.csv", (HEADER + "a,b\n").encode(), r"cannot be read as CSV: .*Row #2: Expected 6"),
        ("latin.csv", (HEADER + "ü,1,2,3,4,5\n").encode("latin-1"), "cannot be read as CSV"),
        ("pipe.csv", HEADER.replace(",", "|").encode(), "no column for tx_id, timestamp"),
        ("twice.csv", ("asset," + HEADER).encode(), "'asset' occurs more than once"),
    ],
)
def test_files_that_are_not_what_they_claim(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=message) as error:
        load_transfers([path])
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_directory_and_a_truncated_parquet_file(tmp_path: Path) -> None:
    (tmp_path / "folder.parquet").mkdir()
    with pytest.raises(SourceError, match=r"folder\.parquet: is not a file"):
        load_transfers([tmp_path / "folder.parquet"])
    path = parquet_file(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match="cannot be read as parquet"):
        load_transfers([path])
    path.write_bytes(whole[:4] + b"\xff" * 60 + whole[64:])
    with pytest.raises(SourceError, match="cannot be read as parquet"):
        load_transfers([path])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": {"sendr": "sender"}}, r"unknown name 'sendr' \(did you mean 'sender'\?\)"),
        ({"columns": {"fee": "fees"}}, "no column 'fees' for fee; received: tx_id"),
        ({"columns": {"sender": "sendr"}}, r"no column 'sendr' for sender \(did you mean 'sender'"),
        ({"asset": "ETH"}, "asset is given, but the file's column 'asset' holds it"),
    ],
)
def test_wrong_options(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        load_transfers([parquet_file(tmp_path)], **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time_unit": "ns"}, "time unit must be one of s, ms, us, received 'ns'"),
        ({"timezone": "Mars/Olympus"}, "unknown time zone 'Mars/Olympus'"),
        ({"decimal": "dot"}, "decimal sign must be one of point, comma, received 'dot'"),
        ({"unit": "weis"}, r"unknown unit 'weis' \(did you mean 'wei'\?\); allowed: wei, gwei"),
        (
            {"unit": "decimals=37"},
            "unknown unit 'decimals=37'; allowed: .*decimals=0 to decimals=36",
        ),
        ({"unit": "decimals=1e3"}, "unknown unit"),
    ],
)
def test_ways_of_writing_that_there_are_not(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        Writing(**options)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"sender": [1.5, 2.5]}, "sender must hold text or integers, received double"),
        ({"amount": [True, False]}, "amount must hold numbers, received bool"),
        ({"timestamp": [1.5, 2.5]}, "timestamp must hold times, received double"),
        ({"block": [1.5, 2.5]}, "block: Float value 1.500000 was truncated"),
    ],
)
def test_wrong_parquet_types(tmp_path: Path, columns: dict[str, Any], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        load_transfers([parquet_file(tmp_path, **columns)])


def test_labels_from_a_list_of_bad_wallets(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "address,category\n0012,scam\n0x1,\n")
    checked = read_labels(
        path, columns={"wallet": "address"}, label="illicit", known_at=T0, source="me"
    )
    assert checked["wallet"].tolist() == ["0012", "0x1"]
    assert checked["category"].tolist() == ["scam", "unspecified"]
    assert set(checked["known_at"]) == {T0}
    with pytest.raises(SourceError, match="no column for known_at; received: address, category"):
        read_labels(path, columns={"wallet": "address"}, label="illicit")
    with pytest.raises(SourceError, match="known_at needs a time zone"):
        read_labels(path, columns={"wallet": "address"}, label="x", known_at=pd.Timestamp("2024"))
    with pytest.raises(LabelsError, match=r"t\.csv: labels: label is not one of illicit, licit"):
        read_labels(path, columns={"wallet": "address"}, label="bad", known_at=T0)


def test_a_spine_from_a_file(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path, "wallet,as_of,y\nb,2024-01-01T00:00:00Z,1\na,2024-01-01T00:00:00Z,0\n"
    )
    assert read_spine(path)["wallet"].tolist() == ["b", "a"]
    only_wallets = csv_file(tmp_path, "wallet\nb\n", "w.csv")
    assert read_spine(only_wallets, as_of=T0)["as_of"].tolist() == [T0]
    empty_cell = csv_file(tmp_path, "wallet,as_of\nb,2024-01-01T00:00:00Z\nc,\n")
    with pytest.raises(SpineError, match=r"t\.csv: spine: as_of is missing in 1 row \(line 3\)"):
        read_spine(empty_cell)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sendr=x", r"unknown name 'sendr' \(did you mean 'sender'\?\); allowed: tx_id, timestamp"),
        ("sender", "'sender' is not of the form name=column"),
        ("sender=", "'sender=' is not of the form"),
        ("=x", "'=x' is not of the form"),
        ("", "'' is not of the form"),
        ("sender=a,sender=b", "sender is mapped twice"),
    ],
)
def test_malformed_column_maps(text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        parse_column_map(text)


def test_column_maps() -> None:
    assert parse_column_map(" sender = a=b , amount=v") == {"sender": "a=b", "amount": "v"}
    assert parse_column_map("wallet=address", LABEL_COLUMNS) == {"wallet": "address"}


def test_a_column_that_is_mapped_is_not_read_by_its_own_name_as_well(tmp_path: Path) -> None:
    path = csv_file(tmp_path, HEADER.replace("amount", "value") + rows(1))
    loaded = load_transfers([path], columns={"amount": "value"})
    assert "value" not in loaded
    assert loaded["amount"].tolist() == [1.5]
    text = HEADER.replace("amount", "value,eth") + rows(1).replace("1.5", "1500000,1.5")
    wei = csv_file(tmp_path, text, "wei.csv")
    assert "value" not in load_transfers([wei], columns={"amount": "eth"})
    both = load_transfers([wei], columns={"amount": "eth", "value": "value"})
    assert both["value"].tolist() == [1_500_000.0]
