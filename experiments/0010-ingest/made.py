"""Transfers for the measurement: a CSV file of about 100 bytes a row, written in pieces.

Wallets are met as on chains: of ``rows / 5`` of them the k-th is an end with probability
proportional to k^-0.75, so that the first has one end in a hundred. One row in a thousand is a
copy of one before it. Times ascend, three a second.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from features.kernel import kernel

_ROW = (
    b"0x000000000000000000000000,2020-01-01T00:00:00Z,w-00000000000000000000,"
    b"w-00000000000000000000,0000.000000\n"
)
HEADER = b"tx_id,timestamp,sender,recipient,amount\n"
PIECE = 1_000_000
START_DAY = 18262  # 2020-01-01


@kernel
def _mixed(number: int) -> np.uint64:
    value = np.uint64(number) * np.uint64(0x9E3779B97F4A7C15)
    value ^= value >> np.uint64(32)
    value *= np.uint64(0xD6E8FEB86659FD93)
    return value ^ (value >> np.uint64(29))


@kernel
def _hexadecimal(out: npt.NDArray[np.uint8], first: int, digits: int, value: np.uint64) -> None:
    for i in range(digits):
        digit = np.int64(value & np.uint64(15))
        out[first + i] = digit + (48 if digit < 10 else 87)
        value = value >> np.uint64(4)


@kernel
def _decimal(out: npt.NDArray[np.uint8], first: int, digits: int, value: int) -> None:
    for i in range(digits - 1, -1, -1):
        out[first + i] = 48 + value % 10
        value //= 10


@kernel
def _end(number: int, wallets: int) -> np.uint64:
    share = np.float64(_mixed(number) >> np.uint64(11)) / 2.0**53
    return _mixed(int(wallets * share**4) + 1)


@kernel
def _fill(first: int, wallets: int, rows: npt.NDArray[np.uint8]) -> None:
    """Write rows (n, width), which hold a row to begin with."""
    for k in range(rows.shape[0]):
        i = first + k
        if i % 1000 == 999:
            i -= 500
        out = rows[k]
        _hexadecimal(out, 2, 16, _mixed(i))
        _hexadecimal(out, 18, 8, np.uint64(i))
        second = i // 3
        day, second = START_DAY + second // 86400, second % 86400
        # civil date of a day since 1970-01-01, from the days of the eras of 400 years (Hinnant)
        day += 719468
        era = day // 146097
        of_era = day - era * 146097
        year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
        of_year = of_era - (365 * year + year // 4 - year // 100)
        month = (5 * of_year + 2) // 153
        _decimal(out, 35, 2, of_year - (153 * month + 2) // 5 + 1)
        month = month + 3 if month < 10 else month - 9
        _decimal(out, 27, 4, year + era * 400 + (1 if month <= 2 else 0))
        _decimal(out, 32, 2, month)
        _decimal(out, 38, 2, second // 3600)
        _decimal(out, 41, 2, second // 60 % 60)
        _decimal(out, 44, 2, second % 60)
        for at, salt in ((48, 1), (71, 2)):
            wallet = _end(4 * i + salt, wallets)
            _hexadecimal(out, at + 2, 16, wallet)
            _hexadecimal(out, at + 18, 4, wallet >> np.uint64(32))
        share = np.float64(_mixed(4 * i + 3) >> np.uint64(11)) / 2.0**53
        micros = int(1e3 * 10.0 ** (6.0 * share))
        _decimal(out, 94, 4, micros // 1_000_000)
        _decimal(out, 99, 6, micros % 1_000_000)


def write(path: Path, rows: int) -> None:
    """Write a file of so many transfers."""
    template = np.frombuffer(_ROW, np.uint8)
    with path.open("wb") as file:
        file.write(HEADER)
        for first in range(0, rows, PIECE):
            piece = np.tile(template, (min(PIECE, rows - first), 1))
            _fill(first, rows // 5, piece)
            file.write(piece.data)
