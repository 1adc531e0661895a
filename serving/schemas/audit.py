"""What is told of past answers and of the audit itself."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from serving.schemas.requests import Body

Cause = Literal[
    "model", "bands", "release", "ledger", "late_data", "retraction", "lists", "unexplained"
]


class RecomputeRequest(Body):
    """Compute a past answer again; an empty object."""


class Difference(BaseModel):
    """One value of the answer that came out otherwise."""

    pointer: str = Field(examples=["#/probability"])
    then: Any
    now: Any


class FeatureDifference(BaseModel):
    """One feature that came out otherwise; null: not defined."""

    feature: str
    then: float | None
    now: float | None


class Why(BaseModel):
    """What may have made the difference."""

    cause: Cause
    says: str


class Recomputed(BaseModel):
    """The same question as of the same instant, answered with what is known of that time by now."""

    id: str = Field(description="Of the answer that was given.")
    recomputed_id: str = Field(description="Of the answer that is given now; see /v1/scores/{id}.")
    same: bool = Field(description="Nothing differs but ids.")
    differences: list[Difference] = Field(description="The first 100.")
    features: list[FeatureDifference] | None = Field(
        description="The first 100 that differ; null: they are other columns."
    )
    why: list[Why]


class AuditHead(BaseModel):
    """The last record on disk: kept elsewhere, it shows later whether anything was changed."""

    mode: Literal["off", "relaxed", "strict"]
    number: int
    hash: str
