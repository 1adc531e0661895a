"""Tensors of the Open Inference Protocol: as JSON, or as bytes that follow it.

Bytes are those of the protocol's binary tensor data extension, which Triton's clients send unless
told otherwise: numbers in little endian, texts each behind its length in four bytes.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from features.errors import RiskError
from serving.inference.table import AS_OF, CHAIN, MAX_ROWS, WALLET, Place, Table, too_many
from serving.schemas.open_inference import (
    BINARY,
    BINARY_ALL,
    BINARY_SIZE,
    InferRequest,
    RequestedOutput,
    RequestTensor,
)

TEXT, NUMBER, BOOL = "BYTES", "FP64", "BOOL"
TEXTS = (WALLET, AS_OF, CHAIN)
OUTPUTS = {
    "probability": NUMBER,
    "probability_low": NUMBER,
    "probability_high": NUMBER,
    "status": TEXT,
    "band": TEXT,
    "known": TEXT,
    "stale": BOOL,
}
_NUMBERS = {"FP64": "<f8", "FP32": "<f4"}
_LENGTH = struct.Struct("<I")


def table_of(asked: InferRequest, tail: bytes) -> Table:
    """Read the columns of a request.

    Parameters
    ----------
    asked : InferRequest
    tail : bytes
        What follows its JSON.

    Raises
    ------
    RiskError
        A tensor is not as its shape and type say, or bytes are left.
    """
    columns: dict[str, Sequence[Any]] = {}
    at, left = {one.name: number for number, one in enumerate(asked.inputs)}, tail
    if len(at) < len(asked.inputs):
        raise RiskError("inputs: a name comes twice")
    for tensor in asked.inputs:
        rows = _rows(tensor)
        size = tensor.parameters.get(BINARY_SIZE)
        if size is None:
            columns[tensor.name] = _of_json(tensor, rows)
        elif not isinstance(size, int) or not 0 <= size <= len(left):
            raise RiskError(f"input {tensor.name!r}: {len(left)} bytes are left, not {BINARY_SIZE}")
        else:
            columns[tensor.name], left = _of_bytes(tensor, rows, left[:size]), left[size:]
    if left:
        raise RiskError(f"{len(left)} bytes follow the last tensor")
    lengths = {len(cells) for cells in columns.values()}
    if len(lengths) > 1:
        raise RiskError(f"inputs must be equally long, received {sorted(lengths)}")

    def place(row: int, name: str) -> Place:
        return ("inputs", at.get(name, 0), "data", row)

    return Table(columns, lengths.pop(), place)


def _rows(tensor: RequestTensor) -> int:
    """Length of a column; its type must be the one that its name has."""
    named = TEXTS if tensor.name in TEXTS else ()
    if (tensor.datatype == TEXT) != bool(named) or tensor.datatype == BOOL:
        wanted = TEXT if named else "FP64 or FP32"
        raise RiskError(f"input {tensor.name[:100]!r} must be {wanted}, not {tensor.datatype}")
    rows, *width = tensor.shape
    if rows < 0 or width not in ([], [1]):
        raise RiskError(f"input {tensor.name!r}: shape must be [n] or [n, 1], not {tensor.shape}")
    if rows > MAX_ROWS:
        raise too_many(rows)
    return rows


def _of_json(tensor: RequestTensor, rows: int) -> Sequence[Any]:
    data = tensor.data or []
    if len(tensor.shape) > 1 and data and isinstance(data[0], list):  # nested as its shape is
        data = [cell for row in data for cell in (row if isinstance(row, list) else [row])]
    if len(data) != rows:
        raise RiskError(f"input {tensor.name!r} has {len(data)} cells, its shape says {rows}")
    return data


def _of_bytes(tensor: RequestTensor, rows: int, given: bytes) -> Sequence[Any]:
    if tensor.datatype == TEXT:
        return _texts(tensor.name, rows, given)
    kind = np.dtype(_NUMBERS[tensor.datatype])
    if len(given) != rows * kind.itemsize:
        raise RiskError(f"input {tensor.name!r}: {rows} numbers are not {len(given)} bytes")
    numbers: list[float] = np.frombuffer(given, kind).astype(np.float64).tolist()
    return numbers


def _texts(name: str, rows: int, given: bytes) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(given) and len(found) < rows:
        end = at + _LENGTH.size
        if end > len(given):
            break
        (length,) = _LENGTH.unpack_from(given, at)
        at = end + length
        try:
            found.append(given[end:at].decode())
        except UnicodeDecodeError as error:
            raise RiskError(f"input {name!r}: text {len(found)} is no UTF-8") from error
    if at != len(given) or len(found) != rows:
        raise RiskError(f"input {name!r}: its bytes are not {rows} texts, each behind its length")
    return found


def output_row(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What is told of one wallet, by output.

    Parameters
    ----------
    answer : mapping
        :class:`serving.schemas.answers.WalletScore`.
    """
    lists = answer["known"]
    if lists is None:
        known = "not_looked_up"
    elif lists["sanctioned"]:
        known = "sanctioned"
    else:
        known = "listed" if lists["entries"] else "not_listed"
    return {name: answer[name] for name in OUTPUTS if name != "known"} | {"known": known}


def packed(
    asked: InferRequest, facts: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> tuple[bytes, int | None]:
    """Write an answer.

    Parameters
    ----------
    asked : InferRequest
        Says which outputs, and which of them as bytes.
    facts : mapping
        What stands beside the outputs.
    rows : sequence of mapping
        Of :func:`output_row`.

    Returns
    -------
    bytes
        The body.
    int or None
        Length of its JSON, where bytes follow.
    """
    everything = [RequestedOutput.model_validate({"name": name}) for name in OUTPUTS]
    by_default = bool(asked.parameters.get(BINARY_ALL, False))
    outputs, tail = [], b""
    for wanted in asked.outputs or everything:
        kind, cells = OUTPUTS[wanted.name], [row[wanted.name] for row in rows]
        told: dict[str, Any] = {"name": wanted.name, "shape": [len(rows)], "datatype": kind}
        if wanted.parameters.get(BINARY, by_default):
            own = _as_bytes(kind, cells)
            tail += own
            told["parameters"] = {BINARY_SIZE: len(own)}
        else:
            told["data"] = cells
        outputs.append(told)
    head = json.dumps({**facts, "outputs": outputs}, allow_nan=False).encode()
    binary = any("parameters" in one for one in outputs)
    return head + tail, len(head) if binary else None


def _as_bytes(kind: str, cells: Sequence[Any]) -> bytes:
    if kind == TEXT:
        texts = [cell.encode() for cell in cells]
        return b"".join(_LENGTH.pack(len(text)) + text for text in texts)
    if kind == BOOL:
        return np.array(cells, bool).tobytes()
    return np.array(cells, "<f8").tobytes()  # None becomes nan
