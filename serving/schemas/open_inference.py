"""Requests and answers of the Open Inference Protocol, which ``/v2`` speaks."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from serving.schemas.requests import Body

Datatype = Literal["BYTES", "FP64", "FP32", "BOOL"]
Output = Literal[
    "probability", "probability_low", "probability_high", "status", "band", "known", "stale"
]
Parameters = Annotated[dict[str, Any], Field(default_factory=dict)]
BINARY_SIZE, BINARY, BINARY_ALL = "binary_data_size", "binary_data", "binary_data_output"


class RequestTensor(Body):
    """One column of the wallets asked about."""

    name: str = Field(
        min_length=1,
        max_length=256,
        description="wallet; optional as_of (ISO 8601 with an offset; empty: now), chain, and "
        "columns of the model's context (FP64; nan or null: unknown).",
        examples=["wallet"],
    )
    shape: list[Annotated[int, Field(json_schema_extra={"minimum": 0})]] = Field(
        min_length=1, max_length=2, description="[n] or [n, 1].", examples=[[1]]
    )
    datatype: Datatype = Field(examples=["BYTES"])
    parameters: Parameters
    data: list[Any] | None = Field(
        default=None,
        description="Null where the bytes follow the JSON (binary tensor data extension).",
        examples=[["w7085"]],
    )


class RequestedOutput(Body):
    """One column of the answer."""

    name: Output
    parameters: Parameters


class InferRequest(Body):
    """Ask about wallets, at most 10,000."""

    id: str | None = Field(default=None, max_length=256)
    parameters: Parameters
    inputs: list[RequestTensor] = Field(min_length=1, max_length=300)
    outputs: list[RequestedOutput] | None = Field(
        default=None, max_length=16, description="Null: all.", examples=[None]
    )


class AnswerTensor(BaseModel):
    """One column of the answer."""

    name: Output
    shape: list[int]
    datatype: Datatype
    parameters: Parameters
    data: list[Any] | None = Field(
        default=None, description="Null stands for nan. Left out where bytes follow the JSON."
    )


class InferAnswer(BaseModel):
    """Scores, one a wallet in each column. The status says where nothing is known."""

    model_name: str
    model_version: str
    id: str | None = None
    parameters: Parameters
    outputs: list[AnswerTensor]


class ServerFacts(BaseModel):
    """What serves."""

    name: str
    version: str
    extensions: list[str]


class TensorFacts(BaseModel):
    """One input or output of a model; -1 in a shape: any length."""

    name: str
    datatype: Datatype
    shape: list[int]


class ModelMetadata(BaseModel):
    """What a model takes and answers."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorFacts]
    outputs: list[TensorFacts]


class ServerLive(BaseModel):
    """Whether the process answers."""

    live: bool


class ServerReady(BaseModel):
    """Whether ledger and model are loaded."""

    ready: bool


class ModelReady(ServerReady):
    """Whether a model answers."""

    name: str
