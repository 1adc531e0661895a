"""What a challenger in shadow would have said, in sum; no wallet is in it."""

from pydantic import BaseModel, Field

from serving.schemas.answers import ModelFacts
from serving.schemas.models import ModelRefusal


class Difference(BaseModel):
    """Rows whose log-odds differ by so much, challenger less champion."""

    above: float | None = Field(description="Null: no matter how low.")
    to: float | None = Field(description="Inclusive; null: no matter how high.")
    rows: int


class BandPair(BaseModel):
    """Rows by the band that each of the two puts them in; unknown: it does not score them."""

    champion: str
    challenger: str
    rows: int


class Comparison(BaseModel):
    """One champion and one challenger; another of either begins anew."""

    champion: str
    challenger: str
    since: str = Field(examples=["2026-01-31T09:30:00.000000Z"])
    rows: int
    scored_by_both: int = Field(description="What is told of log-odds is of these.")
    mean_difference: float | None = Field(description="Of log-odds, challenger less champion.")
    mean_absolute_difference: float | None
    psi: float | None = Field(
        description="Population stability index of the challenger's scores against the champion's."
    )
    other_band_share: float | None = Field(description="Of the rows.")
    differences: list[Difference]
    bands: list[BandPair]


class ShadowAnswer(BaseModel):
    """A challenger that scores what was answered, off the request path."""

    ledger: str
    place: str | None = Field(description="Where it comes from; null: none is set.")
    mark: str | None = Field(description="Which of its place.")
    challenger: ModelFacts | None = Field(description="Null: none is loaded.")
    refused: ModelRefusal | None = Field(description="Why the one that is there is not loaded.")
    share: float = Field(description="Of the answers that are compared.")
    waiting: int
    dropped: int = Field(description="Answers that came faster than they were compared.")
    failed: int = Field(description="Answers that the challenger failed on.")
    comparison: Comparison | None
