"""Numbers as chains and exchanges write them."""

from pathlib import Path

import pyarrow as pa
import pytest

from features.errors import SourceError
from features.sources.files import load_transfers
from features.sources.numbers import read_numbers
from features.sources.writing import Decimal, Writing
from tests.files import HEADER, csv_file, parquet_file, rows


@pytest.mark.parametrize(
    ("unit", "cells", "whole"),
    [
        (
            "wei",
            ["1500000000000000001", "1", "1e18", "3.0"],
            [1.500000000000000001, 1e-18, 1, 3e-18],
        ),
        ("gwei", ["1500000000", "0.5"], [1.5, 5e-10]),
        ("satoshi", ["2099999997690001"], [20999999.97690001]),
        ("decimals=6", ["123456789"], [123.456789]),
        ("decimals=0", ["7"], [7.0]),
    ],
)
def test_amounts_in_the_smallest_unit_become_whole_ones_to_the_last_bit(
    tmp_path: Path, unit: str, cells: list[str], whole: list[float]
) -> None:
    header = HEADER.strip() + ",fee\n"
    text = "".join(f"t{i},2024-01-01T00:00:00Z,s,r,{x},ETH,{x}\n" for i, x in enumerate(cells))
    loaded = load_transfers([csv_file(tmp_path, header + text)], writing=Writing(unit=unit))
    assert loaded["amount"].tolist() == whole
    assert loaded["fee"].tolist() == whole


@pytest.mark.parametrize(
    "kind", [pa.uint64(), pa.decimal128(38, 0), pa.decimal128(38, 9), pa.string()]
)
def test_amounts_of_every_type_agree_to_the_last_bit(tmp_path: Path, kind: pa.DataType) -> None:
    counted = [10_500_000_000_000_000_001, 3]
    typed = pa.array([str(one) for one in counted]).cast(kind)
    path = parquet_file(tmp_path, amount=typed)
    amounts = load_transfers([path], writing=Writing(unit="wei"))["amount"].tolist()
    assert amounts == [one / 10**18 for one in counted]


def test_a_fraction_of_the_smallest_unit_is_a_bad_row(tmp_path: Path) -> None:
    path = csv_file(tmp_path, HEADER + rows(1))
    with pytest.raises(SourceError, match=r"amount is no whole number of wei in 1 row .*'1\.5'"):
        load_transfers([path], writing=Writing(unit="wei"))
    floats = parquet_file(tmp_path, amount=[1e18, 1.5])
    with pytest.raises(SourceError, match=r"amount is no whole number of wei in 1 row .*1\.5"):
        load_transfers([floats], writing=Writing(unit="wei"))


@pytest.mark.parametrize(
    ("text", "point", "comma"),
    [
        ("1.5", 1.5, None),
        ("1,5", None, 1.5),
        ("1,234", 1234.0, 1.234),
        ("$1,234.50", 1234.5, None),
        ("1.234,50 EUR", None, 1234.5),
        ("USD 12", 12.0, 12.0),
        ("1 234 567.25", 1234567.25, None),
        ("1'234,5", None, 1234.5),
        ("1\u202f234", 1234.0, 1234.0),
        ("12,34,5", None, None),
        ("$1 EUR", None, None),
        ("1e3", 1000.0, 1000.0),
        ("0x10", None, None),
    ],
)
def test_numbers_as_exchanges_write_them(
    text: str, point: float | None, comma: float | None
) -> None:
    cells = pa.array([text], type=pa.large_string())
    signs: list[Decimal] = ["point", "comma"]
    read = [read_numbers(cells, Writing(decimal=sign), scaled=False) for sign in signs]
    assert [one.numbers.to_pylist()[0] for one in read] == [point, comma]
    bad = [any(mask.to_pylist()[0] for mask in one.mistakes.values()) for one in read]
    assert bad == [point is None, comma is None]


def test_amounts_in_two_currencies_are_not_mixed(tmp_path: Path) -> None:
    text = HEADER + "a,2024-01-01T00:00:00Z,s,r,$5,x\n" + "b,2024-01-01T00:00:00Z,s,r,€5,x\n"
    with pytest.raises(SourceError, match=r"amount is not in \$, as in line 2 in 1 row \(line 3"):
        load_transfers([csv_file(tmp_path, text)])
