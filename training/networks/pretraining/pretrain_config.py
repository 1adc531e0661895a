"""What ``walletrisk pretrain`` is told: one flat TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

import pandas as pd
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from features.errors import RiskError
from features.json_file import MAX_BYTES, read_regular

Count = Annotated[int, Field(ge=1)]


class PretrainConfig(BaseModel):
    """What an encoder is and what it learns from; paths are relative to the file.

    Parameters
    ----------
    ledger
        Folder of transfers; no label is read.
    as_of
        Cut-off: nothing at or after this instant is read. A network that starts from the encoder
        must be judged later.
    out
        Folder of the encoder, which must not be there yet.
    kind
        Of its layers: ``graphsage``, ``gatv2``, ``gine`` or ``pna``.
    fan_out
        Transfers of each node that are read, a hop a number; as many layers.
    draw
        ``latest`` of them, or at random, later ones more often (``recent``).
    node_bucket_s
        A node is described as of the start of the row's bucket of so many seconds; 0: its instant.
    columns
        ``scale_free`` or ``all``, as in ``walletrisk train``.
    steps
        How many of the wallet's own latest transfers are read in order; 0: none.
    tower
        What reads them: ``gru`` or ``transformer``.
    hidden
        Width of all states.
    dropout
        Share of states that is left out at random.
    updates
        Steps of learning; with 0 the encoder stays as it was drawn, a control.
    batch_rows
        Questions a step.
    learning_rate
        Of Adam.
    seed
        Of everything random.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ledger: Path
    as_of: AwareDatetime
    out: Path
    kind: Literal["graphsage", "gatv2", "gine", "pna"] = "gine"
    fan_out: Annotated[tuple[Annotated[int, Field(ge=0, le=256)], ...], Field(min_length=1)] = (
        16,
        8,
    )
    draw: Literal["latest", "recent"] = "latest"
    node_bucket_s: Annotated[int, Field(ge=0)] = 0
    columns: Literal["scale_free", "all"] = "scale_free"
    steps: Annotated[int, Field(ge=0, le=1024)] = 16
    tower: Literal["gru", "transformer"] = "gru"
    hidden: Count = 32
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    updates: Annotated[int, Field(ge=0)] = 2000
    batch_rows: Count = 256
    learning_rate: Annotated[float, Field(gt=0)] = 0.002
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0

    @property
    def cut_off(self) -> int:
        """``as_of`` in microseconds since 1970 UTC."""
        return pd.Timestamp(self.as_of).value // 1000  # value is in nanoseconds

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read and check a TOML file.

        Raises
        ------
        RiskError
            If it cannot be read, a key is unknown or missing, or a value is not allowed.
        """
        try:
            content = tomllib.loads(read_regular(path, MAX_BYTES).decode("utf-8"))
            config = cls.model_validate(content)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"]))
            if first["type"] == "extra_forbidden":
                allowed = ", ".join(cls.model_fields)
                raise RiskError(f"{path}: {key} is unknown; allowed are {allowed}") from error
            message = first["msg"].removeprefix("Value error, ")
            raise RiskError(f"{path}: {key}: {message}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RiskError(f"{path} is not TOML: {error}") from error
        base = path.resolve().parent
        paths = {"ledger": base / config.ledger, "out": base / config.out}
        return config.model_copy(update=paths)
