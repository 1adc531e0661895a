"""What a training is told: :class:`TrainConfig`, and the TOML file around it.

Every key is checked; an unknown one is an error that names the allowed ones.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import pandas as pd
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from features.errors import RiskError
from features.json_file import MAX_BYTES, read_regular
from training.models.kinds import check_kind
from training.splits import OutOfTime, out_of_time, out_of_time_shares

Share = Annotated[float, Field(gt=0, lt=1)]


class ConfigError(RiskError):
    """A training configuration with an unknown key or a value out of range."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class TrainConfig(_Section):
    """How a model is trained.

    Parameters
    ----------
    model
        Kind of model; see :func:`training.models.kind_names`.
    base_rate
        Share of illicit wallets in the world that the probabilities are for; labelled sets hold
        far more.
    seed
        Of everything random.
    columns
        ``"all"``, ``"scale_free"`` (nothing that depends on the unit of the asset or on the
        calendar), or names of feature columns.
    context
        The user's own columns of the table to learn from beside them; see
        :func:`features.join_context`.
    min_transfers
        Wallets with fewer transfers before ``as_of`` are neither learnt from nor scored.
    parameters
        Of the kind; see ``defaults`` of its class.
    """

    model: Annotated[str, AfterValidator(check_kind)]
    base_rate: Share
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    columns: Literal["all", "scale_free"] | list[str] = "all"
    context: list[str] = []
    min_transfers: Annotated[int, Field(ge=1)] = 3
    parameters: dict[str, Any] = {}


class DataConfig(_Section):
    """``[data]``: a ledger folder; spine and labels as parquet or csv.

    ``exposure`` names the labels that features may read, usually the same file. A model that was
    trained with them needs them to score; without, there are no exposure features. ``context`` is
    a table of the user's own columns beside ``wallet`` and ``as_of``, and ``[model] context`` says
    which of them are learnt from.
    """

    ledger: Path
    spine: Path
    labels: Path
    exposure: Path | None = None
    context: Path | None = None


class SplitConfig(_Section):
    """``[split]``: either two dates or two shares, and a gap such as ``"7d"`` or ``"12h"``."""

    train_until: AwareDatetime | None = None
    calibrate_until: AwareDatetime | None = None
    test_until: AwareDatetime | None = None
    test_share: Share | None = None
    calibrate_share: Share | None = None
    gap: Annotated[str, Field(pattern=r"^\d+[dh]$")] = "0d"

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        dates = self.train_until and self.calibrate_until
        shares = self.test_share and self.calibrate_share
        if bool(dates) == bool(shares) or (
            shares and (self.train_until or self.calibrate_until or self.test_until)
        ):
            raise ValueError(
                "needs either train_until and calibrate_until, or test_share and calibrate_share"
            )
        return self

    def split(self, spine: pd.DataFrame) -> OutOfTime:
        """Return the borders for the rows of a spine."""
        gap = pd.Timedelta(int(self.gap[:-1]), "D" if self.gap[-1] == "d" else "h")
        if self.test_share and self.calibrate_share:
            return out_of_time_shares(
                spine, test_share=self.test_share, calibrate_share=self.calibrate_share, gap=gap
            )
        if not (self.train_until and self.calibrate_until):
            raise ConfigError("a split needs dates or shares")
        return out_of_time(
            spine,
            train_until=pd.Timestamp(self.train_until),
            calibrate_until=pd.Timestamp(self.calibrate_until),
            gap=gap,
            test_until=pd.Timestamp(self.test_until) if self.test_until else None,
        )


class TrackingConfig(_Section):
    """``[mlflow]``: where the run is recorded; without ``tracking_uri`` MLflow's own setting."""

    tracking_uri: str | None = None
    experiment: str = "walletrisk"
    name: str = "walletrisk"


class RunConfig(_Section):
    """The file that ``walletrisk train`` reads; paths in it are relative to the file."""

    data: DataConfig
    split: SplitConfig
    model: TrainConfig
    mlflow: TrackingConfig = TrackingConfig()

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read and check a TOML file.

        Parameters
        ----------
        path
            The file.

        Returns
        -------
        RunConfig
            With the paths of ``[data]`` made absolute.

        Raises
        ------
        ConfigError
            If the file cannot be read, a key is unknown or missing, or a value is not allowed.
        """
        try:
            content = tomllib.loads(read_regular(Path(path), MAX_BYTES).decode("utf-8"))
        except RiskError as error:
            raise ConfigError(str(error)) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ConfigError(f"{path} is not TOML: {error}") from error
        try:
            config = cls.model_validate(content)
        except ValidationError as error:
            raise ConfigError(f"{path}: {_first_error(error.errors()[0], cls)}") from error
        base = Path(path).resolve().parent
        data = {name: base / value for name, value in config.data if value is not None}
        return config.model_copy(update={"data": DataConfig(**data)})


def _first_error(error: ErrorDetails, root: type[BaseModel]) -> str:
    """Say one pydantic error as one line; an unknown key is told which keys there are."""
    *section, key = [str(part) for part in error["loc"]] or ["file"]
    where = f"[{'.'.join(section)}] {key}" if section else f"[{key}]"
    if error["type"] != "extra_forbidden":
        return f"{where}: {error['msg'].removeprefix('Value error, ')}"
    fields = root.model_fields
    for name in section:
        fields = fields[name].annotation.model_fields  # type: ignore[union-attr]
    return f"{where} is unknown; allowed are {', '.join(fields)}"
