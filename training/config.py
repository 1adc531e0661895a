"""What a training is told: :class:`TrainConfig`, and the TOML file around it.

Every key is checked; an unknown one is an error that names the allowed ones.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
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
from features.sources.known import TableOptions
from features.sources.writing import TimeUnit
from training.gate.config import GateConfig
from training.models.kinds import check_kind, check_parameters
from training.origins import rolling_origins
from training.splits import OutOfTime, Wallets, out_of_time, out_of_time_shares
from training.tune.config import TuneConfig

Share = Annotated[float, Field(gt=0, lt=1)]
Span = Annotated[str, Field(pattern=r"^\d+[dh]$")]  # such as 7d or 12h
ENCODER = "encoder"  # parameter that names a folder of walletrisk pretrain
ENCODER_FILE = "encoder.json"  # what describes such a folder


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
        calendar), or names of feature columns. The first two leave out what is ``unasked``, such as
        the dust that a wallet was sent: whoever pays for it would move the score.
    context
        The user's own columns of the table to learn from beside them; see
        :func:`features.join_context`.
    leave_out
        Columns of those that are not learnt from, such as what ``walletrisk monitor`` names as
        telling one crawl from another.
    min_transfers
        Wallets with fewer transfers before ``as_of`` are neither learnt from nor scored.
    parameters
        Of the kind; see ``defaults`` of its class.
    folds
        Parts of the wallets, each scored by a copy that learnt from the others, to calibrate by.
    confidence
        Whether a label of less confidence counts less in the fit.
    unlabelled
        Rows of wallets without a label are learnt from as well, taken to be illicit to this share;
        None: they are left out. See :mod:`training.unlabelled`.
    half_life
        A row that is older than the newest by so much, such as ``"90d"``, counts half.
    """

    model: Annotated[str, AfterValidator(check_kind)]
    base_rate: Share
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    columns: Literal["all", "scale_free"] | list[str] = "all"
    context: list[str] = []
    leave_out: list[str] = []
    min_transfers: Annotated[int, Field(ge=1)] = 3
    parameters: dict[str, Any] = {}
    folds: Annotated[int, Field(ge=2, le=50)] = 5
    confidence: bool = True
    unlabelled: Share | None = None
    half_life: Span | None = None

    @model_validator(mode="after")
    def _parameters_in_range(self) -> Self:
        check_parameters(self.model, self.parameters)
        return self

    @property
    def half_life_timedelta(self) -> pd.Timedelta | None:
        """``half_life`` as a span of time."""
        return None if self.half_life is None else _timedelta(self.half_life)


class DataConfig(_Section):
    """``[data]``: what is read; tables as parquet or csv.

    Parameters
    ----------
    ledger
        Folder of transfers.
    spine
        Which wallets to learn from and to test, as of when.
    labels
        Known wallets, to learn from.
    exposure
        Labels that features may read, usually the same file. A model that was trained with them
        needs them to score; without, there are no exposure features.
    context
        Table of the user's own columns beside ``wallet`` and ``as_of``; ``[model] context`` says
        which of them are learnt from.
    table
        Ready feature table, as ``walletrisk features`` writes it, instead of ``spine``: nothing is
        computed again. ``ledger`` may stand beside it, for kinds that read neighbourhoods.
    map
        Where files name columns otherwise, such as ``"wallet=address,known_at=since"``;
        ``labels.wallet=...`` or ``spine.wallet=...`` for one kind of file.
    time_unit
        Unit of integer times in spine and labels: s, ms or us.
    timezone
        Zone of times in spine and labels that name none.
    """

    ledger: Path | None = None
    spine: Path | None = None
    labels: Path
    exposure: Path | None = None
    context: Path | None = None
    table: Path | None = None
    map: str | None = None
    time_unit: TimeUnit | None = None
    timezone: str | None = None

    @property
    def written(self) -> TableOptions:
        """How spine and labels are written."""
        return TableOptions(self.map, self.time_unit, self.timezone)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.table is None) == (self.spine is None):
            raise ValueError("needs either spine and ledger, or table")
        if self.spine is not None and self.ledger is None:
            raise ValueError("needs the ledger that the features of spine are computed from")
        return self


class SplitConfig(_Section):
    """``[split]``: either two dates or two shares; spans such as ``"7d"`` or ``"12h"``.

    Parameters
    ----------
    train_until, calibrate_until, test_until
        Dates; see :func:`training.out_of_time`.
    test_share, calibrate_share
        Shares of the rows; see :func:`training.out_of_time_shares`.
    gap
        Time left out before the calibration and before the test slice.
    origins
        Stretches that the test slice is cut into; before each a model learns all that is known.
    label_delay
        How much later than ``known_at`` a label is at hand to learn from.
    wallets
        ``"apart"``: no test row of a wallet that was learnt from. ``"together"``: such rows are
        judged too, as where a wallet is asked about every month.
    """

    train_until: AwareDatetime | None = None
    calibrate_until: AwareDatetime | None = None
    test_until: AwareDatetime | None = None
    test_share: Share | None = None
    calibrate_share: Share | None = None
    gap: Span = "0d"
    origins: Annotated[int, Field(ge=1, le=100)] = 3
    label_delay: Span = "0d"
    wallets: Wallets = "apart"

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

    def splits(self, spine: pd.DataFrame) -> tuple[OutOfTime, ...]:
        """Return the borders of every origin for the rows of a spine."""
        return rolling_origins(spine, self._whole(spine), self.origins)

    def _whole(self, spine: pd.DataFrame) -> OutOfTime:
        gap, delay = _timedelta(self.gap), _timedelta(self.label_delay)
        if self.test_share and self.calibrate_share:
            return out_of_time_shares(
                spine, test_share=self.test_share, calibrate_share=self.calibrate_share, gap=gap,
                label_delay=delay, wallets=self.wallets,
            )  # fmt: skip
        if not (self.train_until and self.calibrate_until):
            raise ConfigError("a split needs dates or shares")
        return out_of_time(
            spine, train_until=pd.Timestamp(self.train_until),
            calibrate_until=pd.Timestamp(self.calibrate_until), gap=gap,
            test_until=pd.Timestamp(self.test_until) if self.test_until else None,
            label_delay=delay, wallets=self.wallets,
        )  # fmt: skip


def _timedelta(span: str) -> pd.Timedelta:
    return pd.Timedelta(int(span[:-1]), "D" if span[-1] == "d" else "h")


class TrackingConfig(_Section):
    """``[mlflow]``: where the run is recorded.

    Parameters
    ----------
    tracking_uri
        Store, such as ``"sqlite:///mlflow.db"``; without it MLflow's own setting.
    experiment
        Experiment of the run.
    name
        Registered name, whose next version the model becomes.
    """

    tracking_uri: str | None = None
    experiment: str = "walletrisk"
    name: str = "walletrisk"


class RunConfig(_Section):
    """The file that ``walletrisk train`` reads; paths in it are relative to the file."""

    data: DataConfig
    split: SplitConfig
    model: TrainConfig
    mlflow: TrackingConfig = TrackingConfig()
    gate: GateConfig = GateConfig()
    tune: TuneConfig = TuneConfig()

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
            With the paths of ``[data]`` and of encoders made absolute.

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
        paths = {name: base / value for name, value in config.data if isinstance(value, Path)}
        data = config.data.model_copy(update=paths)
        parameters = _absolute(config.model.parameters, base)
        model = config.model.model_copy(update={"parameters": parameters})
        return config.model_copy(update={"data": data, "model": model})

    @property
    def encoders(self) -> tuple[Path, ...]:
        """Folders of ``walletrisk pretrain`` that the model, or a part of it, starts from."""
        return tuple(_encoders(self.model.parameters))


def _absolute(parameters: Mapping[str, Any], base: Path) -> dict[str, Any]:
    found = dict(parameters)
    for name, value in parameters.items():
        if isinstance(value, dict):
            found[name] = _absolute(value, base)
        elif name == ENCODER and isinstance(value, str) and value:
            found[name] = str(base / value)
    return found


def _encoders(parameters: Mapping[str, Any]) -> Iterator[Path]:
    for name, value in parameters.items():
        if isinstance(value, dict):
            yield from _encoders(value)
        elif name == ENCODER and value:
            yield Path(value)


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
