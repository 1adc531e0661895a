"""Requests and answers of MLflow's scoring server, which ``/invocations`` speaks."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from serving.schemas.answers import Status
from serving.schemas.beside import Known
from serving.schemas.fields import Instant, Name
from serving.schemas.requests import Body, Level, WalletNamed

_COLUMNS = (
    "Columns: wallet; optional as_of (null: now), chain, and those of the model's context. "
    "At most 10,000 rows."
)
Cell = Any


class InvocationParams(Body):
    """What holds for all rows."""

    as_of: Instant | None = Field(
        default=None, description="Of rows that name none. Null: now.", examples=[None]
    )
    level: Level = "wallet"


class SplitFrame(Body):
    """A frame by rows, as pandas writes it with ``orient="split"``."""

    columns: list[str] = Field(min_length=1, examples=[["wallet"]])
    data: list[list[Cell]] = Field(description=_COLUMNS, examples=[[["w7085"]]])
    index: list[Cell] | None = Field(default=None, description="Not read.", examples=[None])


class Row(BaseModel):
    """A wallet, and what is said of it by the columns' names."""

    model_config = ConfigDict(extra="allow")

    wallet: WalletNamed


class Invocation(Body):
    """What all formats have."""

    params: InvocationParams = InvocationParams()


class DataframeSplit(Invocation):
    """A frame by rows."""

    dataframe_split: SplitFrame


class DataframeRecords(Invocation):
    """A frame by objects."""

    dataframe_records: list[Row] = Field(description=_COLUMNS)


class Instances(Invocation):
    """Wallets, objects, or columns by name."""

    instances: list[Name] | list[Row] | dict[str, list[Cell]]


class Inputs(Invocation):
    """Wallets, objects, or columns by name."""

    inputs: list[Name] | list[Row] | dict[str, list[Cell]]


class Prediction(BaseModel):
    """What the logged model says of a wallet as of an instant.

    The probability of a wallet that is not scored is the base rate: nothing is known of it, which
    is not safe. Models that tell kinds of crime add ``probability_<category>``.
    """

    model_config = ConfigDict(extra="allow")

    probability: float = Field(ge=0, le=1)
    probability_low: float | None
    probability_high: float | None
    status: Status
    known: Known | None = Field(description="Lists that the wallet itself was on; null: no lists.")
    ledger_age_s: float | None
    stale: bool


class Predictions(BaseModel):
    """One prediction a row, in order."""

    predictions: list[Prediction]
