"""Files that are small and unpack to much, or hold what no honest writer puts there."""

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import SourceError
from features.sources import room, tables
from features.sources.files import load_transfers, read_labels
from tests.files import HEADER, T0, csv_file, parquet_file, rows


def test_a_file_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = csv_file(tmp_path, HEADER + rows(1) * 50_000, "many.csv")
    packed = tmp_path / "many.csv.gz"
    packed.write_bytes(gzip.compress(many.read_bytes()))
    table = pq.read_table(parquet_file(tmp_path))
    long = pa.DictionaryArray.from_arrays(pa.array([0] * 1000), pa.array(["x" * 10_000]))
    columns = {name: pa.array([table[name][0].as_py()] * 1000) for name in table.column_names}
    for name, stored in (("typed.parquet", True), ("plain.parquet", False)):
        pq.write_table(pa.table(columns | {"sender": long}), tmp_path / name, store_schema=stored)
        assert (tmp_path / name).stat().st_size < 100_000
    monkeypatch.setattr(room, "room_bytes", lambda: 1_000_000)
    for path in (many, packed, tmp_path / "typed.parquet", tmp_path / "plain.parquet"):
        with pytest.raises(SourceError, match=r"unpacks to more than .* read it in parts"):
            load_transfers([path])
    with pytest.raises(SourceError, match="unpacks to more than"):
        read_labels(many, columns={"wallet": "sender"}, label="illicit", known_at=T0)


def test_batches_hold_fewer_rows_where_rows_are_wide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_BATCH_BYTES", 100_000)
    wide = pa.table({"a": [f"{number}" * 2_000 for number in range(500)]})
    pq.write_table(wide, tmp_path / "wide.parquet", use_dictionary=False)
    sizes = [len(batch) for batch in tables.batches(tmp_path / "wide.parquet", ["a"])]
    assert sum(sizes) == 500
    assert max(sizes) < 50


def test_text_that_is_no_utf8_is_told(tmp_path: Path) -> None:
    text = b"\xff\xfe"
    offsets = pa.py_buffer(np.array([0, 2, 4], np.int32).tobytes())
    bad = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(text * 2)])
    path = parquet_file(tmp_path, sender=bad)
    with pytest.raises(SourceError, match=r"t\.parquet: sender: Invalid UTF8"):
        load_transfers([path])


def test_columns_are_counted(tmp_path: Path) -> None:
    path = csv_file(tmp_path, ",".join(map(str, range(10_001))) + "\n")
    with pytest.raises(SourceError, match="has 10001 columns; at most 10000"):
        load_transfers([path])
