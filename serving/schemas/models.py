"""Requests and answers about the models that answer."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from serving.schemas.answers import ModelFacts
from serving.schemas.fields import NO_NUL, Chain
from serving.schemas.requests import WHICH_LEDGER, Body

Why = Annotated[str, Field(min_length=1, max_length=1_000, pattern=NO_NUL)]


class ReloadRequest(Body):
    """Look now whether the place of the model holds another one, and let that answer."""

    chain: Chain | None = Field(default=None, description=WHICH_LEDGER)


class RollbackRequest(Body):
    """Go back to the model that answered before, and hold it."""

    why: Why = Field(description="Written down with who and when.", examples=["too many alerts"])
    version: str | None = Field(
        default=None,
        max_length=64,
        description="Of the model that is to be left; refused where another one answers by now. "
        "Null: whichever answers.",
        examples=[None],
    )
    chain: Chain | None = Field(default=None, description=WHICH_LEDGER)


class ReleaseRequest(Body):
    """Let go of the model that a rollback went back to: what its place holds answers again."""

    why: Why = Field(description="Written down with who and when.", examples=["it was the feed"])
    chain: Chain | None = Field(default=None, description=WHICH_LEDGER)


class ModelChange(BaseModel):
    """Another model answered from then on, or one was let go that a rollback held."""

    at: str = Field(examples=["2026-01-31T09:30:00.000000Z"])
    how: Literal["start", "reload", "rollback", "release"]
    version: str = Field(description="That answers from then on.")
    before: str = Field(description="That answered until then; empty: none.")
    mark: str = Field(description="Which of its place: a registered version, or a digest.")
    by: str
    why: str


class ModelRefusal(BaseModel):
    """Why the model that the place holds does not answer."""

    at: str = Field(examples=["2026-01-31T09:30:00.000000Z"])
    reason: str


class LedgerModel(ModelFacts):
    """The model that answers for one ledger."""

    ledger: str
    bands: str = Field(description="Version of their policy.")
    place: str = Field(
        description="Where it comes from: a folder, or a name in a registry.",
        examples=["models:/walletrisk@champion"],
    )
    mark: str = Field(
        description="Which of its place: a registered version, or a digest.",
        examples=["models:/walletrisk/3"],
    )
    held: ModelChange | None = Field(description="By this rollback, whatever its place holds.")
    refused: ModelRefusal | None = Field(
        description="The place holds another model that cannot answer, or could not be reached."
    )
    changes: list[ModelChange] = Field(description="The latest 20, the newest first.")


class ModelsAnswer(BaseModel):
    """The model of every ledger, in the order of the settings."""

    models: list[LedgerModel]


class ModelChanged(LedgerModel):
    """The model that answers now."""

    changed: bool = Field(description="Whether another one answers than before the request.")
