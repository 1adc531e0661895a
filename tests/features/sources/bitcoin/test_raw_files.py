"""Raw blocks: the first 255 of Bitcoin, and what becomes of files that are not whole."""

from collections import Counter
from pathlib import Path

import pytest

from features import SourceError, check_transfers
from features.sources.bitcoin.formats import reader
from features.sources.bitcoin.raw import parse_block
from features.sources.bitcoin.raw_files import framed_blocks, longest_chain
from features.sources.formats import read_files

read_raw = reader("bitcoin-blocks")
BLOCKS = Path(__file__).parents[3] / "data" / "bitcoin" / "blocks_1_255.dat"
FINNEY = "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16"
HEADER = 8  # magic and length


def framed() -> list[bytes]:
    data, found, at = BLOCKS.read_bytes(), [], 0
    while at < len(data):
        end = at + HEADER + int.from_bytes(data[at + 4 : at + HEADER], "little")
        found.append(data[at:end])
        at = end
    return found


def test_the_first_payment_is_read() -> None:
    transfers = read_files("bitcoin-blocks", [BLOCKS]).transfers
    first = transfers[transfers["tx_id"] == FINNEY].iloc[0]
    assert first["sender"] == "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S"  # Satoshi Nakamoto
    assert first["recipient"] == "1Q2TWHE3GMdB6BZKafqwxXtWAWgFt5Jvm3"  # Hal Finney
    assert (first["amount"], first["block"], first["fee"]) == (10.0, 170, 0.0)
    assert str(first["timestamp"]) == "2009-01-12 03:30:25+00:00"


def test_balances_are_what_was_mined() -> None:
    transfers, _ = read_raw([BLOCKS])
    check_transfers(transfers)
    held: Counter[str] = Counter()
    for row in transfers.to_dict("records"):
        held[row["recipient"]] += row["amount"]
        held[row["sender"]] -= row["amount"] + row["fee"]
    assert sum(value for name, value in held.items() if name[:3] == "tx:") == -255 * 50
    assert min(value for name, value in held.items() if name[:3] != "tx:") == 0
    assert held["12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S"] == 18.0


def test_order_and_stale_blocks_do_not_matter(tmp_path: Path) -> None:
    blocks = framed()
    stale = bytearray(blocks[200])
    stale[HEADER + 70] ^= 1  # another time, so another hash; nothing follows it
    shuffled = tmp_path / "blk00000.dat"
    shuffled.write_bytes(bytes(stale) + b"".join(reversed(blocks)) + bytes(100))
    expected, _ = read_raw([BLOCKS])
    found, _ = read_raw([shuffled])
    assert found.equals(expected)


def test_files_of_one_block_each_are_read(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.bin" for n in range(3)]
    for path, block in zip(paths, framed(), strict=False):
        path.write_bytes(block[HEADER:])
    transfers, _ = read_raw(paths)
    assert transfers["block"].tolist() == [1, 2, 3]


def test_a_chain_without_its_beginning_is_refused(tmp_path: Path) -> None:
    late = tmp_path / "late.dat"
    late.write_bytes(b"".join(framed()[100:]))
    with pytest.raises(SourceError, match="of 155 blocks none is the first or the second"):
        read_raw([late])


def test_inputs_of_a_missing_block_are_refused_by_number(tmp_path: Path) -> None:
    (_, spending) = list(longest_chain(framed_blocks([BLOCKS])))[169]
    forged = bytearray(spending.data)
    at = forged.index(
        bytes.fromhex("c997a5e56e104102fa209c6a852dd90660a20b2d9c352423edce25857fcd3704")
    )
    forged[at] ^= 1  # spends what is not there
    begin = tmp_path / "blocks.dat"
    begin.write_bytes(b"".join(framed()[:169]) + framed()[169][:HEADER] + bytes(forged))
    with pytest.raises(SourceError, match="1 of 1 inputs, of 1 transactions, have no address"):
        read_raw([begin])


def test_a_value_of_more_than_there_is_is_refused(tmp_path: Path) -> None:
    block = framed()[0]
    at = block.index((50 * 10**8).to_bytes(8, "little"))
    forged = tmp_path / "forged.dat"
    forged.write_bytes(block[:at] + b"\xff" * 8 + block[at + 8 :])
    with pytest.raises(SourceError, match="hold what is no number"):
        read_raw([forged])


@pytest.mark.parametrize("size", [40, 81, 100, 400])
def test_a_block_cut_short_is_refused(size: int) -> None:
    with pytest.raises(SourceError, match="block"):
        parse_block(framed()[169][HEADER:][:size])


def test_bytes_after_a_block_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="2 bytes follow the last transaction"):
        parse_block(framed()[0][HEADER:] + b"ab")
    odd = tmp_path / "odd.dat"
    odd.write_bytes(framed()[0] + b"odd")
    with pytest.raises(SourceError, match=r"odd.dat: no block begins at byte 223"):
        read_raw([odd])


def test_a_file_that_is_no_block_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "text.dat"
    text.write_text("txid,amount\n")
    with pytest.raises(SourceError, match=r"text.dat: no block, 12 bytes are fewer"):
        read_raw([text])
