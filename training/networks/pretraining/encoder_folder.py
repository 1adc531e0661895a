"""A folder of what an encoder learnt without labels: ``encoder.safetensors`` and ``encoder.json``.

Weights and numbers only: nothing in it is run. A network that starts from it takes its scales too,
since these decide which columns the weights are of. The network's own folder holds all of it
afterwards, so that a model needs no other folder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pandas as pd
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from features.errors import RiskError
from features.json_file import MAX_BYTES, read_json, read_regular
from training.config import ENCODER_FILE
from training.models.finite import require_finite
from training.networks.network import Architecture, Encoder
from training.networks.reading.scales import Columns, Scales

WEIGHTS = "encoder.safetensors"
FORMAT = 1


@dataclass(frozen=True, slots=True, eq=False)
class EncoderFolder:
    """What was learnt, and of what.

    Parameters
    ----------
    shape
        Of the encoder; the columns of a table's row are no part of it.
    reads
        What lies around a row by definition and version, see
        :func:`training.networks.reading.reads.reads_of`.
    scales
        Of the inputs.
    weights
        By name, as in the encoder.
    record
        What it learnt from: ``cut_off``, the first instant of which nothing was read, ``ledger``,
        ``seed``, ``updates`` and ``losses``; once written, ``sha256`` of the weights.
    """

    shape: Architecture
    reads: Mapping[str, Any]
    scales: Scales
    weights: Mapping[str, Tensor]
    record: Mapping[str, Any]

    @classmethod
    def read(cls, directory: Path, columns: Columns) -> Self:
        """Read a folder.

        Parameters
        ----------
        directory
            What ``walletrisk pretrain`` wrote.
        columns
            Those of this release.

        Raises
        ------
        RiskError
            If it is none, or damaged: the weights must have the hash that stands beside them.
        """
        if not (directory / ENCODER_FILE).is_file():
            raise RiskError(
                f"encoder: {directory} is no folder of walletrisk pretrain, "
                f"it has no {ENCODER_FILE}"
            )
        try:
            content = read_json(directory / ENCODER_FILE)
            if content["format"] != FORMAT:
                raise RiskError(
                    f"encoder: {directory} is of format {content['format']!r}, "
                    f"this release reads {FORMAT}"
                )
            data = read_regular(directory / WEIGHTS, MAX_BYTES)
            if hashlib.sha256(data).hexdigest() != content["record"]["sha256"]:
                raise RiskError(f"encoder: {directory / WEIGHTS} is not what was written: sha256")
            weights = load(data)
            require_finite(WEIGHTS, {name: one.numpy() for name, one in weights.items()})
            told = columns._replace(read=frozenset(content["reads"]["columns"]))
            return cls(
                Architecture(**content["architecture"]), content["reads"],
                Scales.from_json(content["scales"], told), weights, content["record"],
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError, SafetensorError) as error:
            if isinstance(error, RiskError):
                raise
            raise RiskError(f"encoder: {directory} does not hold one: {error!r}") from error

    def write(self, directory: Path) -> None:
        """Write the folder, which must not be there; all of it or nothing."""
        data = save({name: self.weights[name].contiguous() for name in sorted(self.weights)})
        content = {
            "format": FORMAT,
            "architecture": self.shape.to_json(),
            "reads": dict(self.reads),
            "scales": self.scales.to_json(),
            "record": {**self.record, "sha256": hashlib.sha256(data).hexdigest()},
        }
        made = directory.with_name(f"{directory.name}.writing")
        made.mkdir(parents=True, exist_ok=True)
        (made / WEIGHTS).write_bytes(data)
        text = json.dumps(content, indent=1, allow_nan=False) + "\n"
        (made / ENCODER_FILE).write_text(text, encoding="utf-8", newline="\n")
        made.rename(directory)

    def require(self, shape: Architecture, reads: Mapping[str, Any]) -> None:
        """Raise RiskError, with the difference, unless a network may start from this encoder."""
        different = [
            f"{name} {self.reads.get(name)!r} instead of {value!r}"
            for name, value in reads.items()
            if self.reads.get(name) != value
        ]
        if different:
            raise RiskError(
                f"encoder: it was taught to read something else: {', '.join(different)}"
            )
        shape.require(self.shape, "encoder: it")

    def require_before(self, instant: int) -> None:
        """Raise RiskError if it read anything at or after an instant, microseconds since 1970 UTC.

        What comes after the rows that a network learns from is what the network is judged by.
        """
        cut_off = pd.Timestamp(self.record["cut_off"])
        end = pd.Timestamp(instant, unit="us", tz="UTC")
        if cut_off > end:
            raise RiskError(
                f"encoder: it learnt from transfers until {cut_off.isoformat()}, after what may "
                f"be learnt from here, which ends at {end.isoformat()}: that is a leak. Pretrain "
                "with an earlier as_of"
            )

    def load_into(self, encoder: Encoder) -> None:
        """Give an encoder of the same architecture the weights."""
        encoder.load_state_dict(dict(self.weights))
