"""Requests and answers about what was acknowledged: retractions, contradictions, checkpoints."""

from typing import Literal

from pydantic import BaseModel, Field

from serving.schemas.fields import Chain, Name
from serving.schemas.requests import WHICH_LEDGER, Body

MAX_RETRACTIONS = 1_000


class RetractionsRequest(Body):
    """Take transactions back, as a chain reorganisation does; sent again, they are added again."""

    tx_ids: list[Name] = Field(min_length=1, max_length=MAX_RETRACTIONS)
    chain: Chain | None = Field(default=None, description=WHICH_LEDGER)


class ResolutionRequest(Body):
    """Decide whose version of a transfer counts from now on."""

    id: int = Field(ge=1, lt=2**31, examples=[1])
    keep: Literal["ledger", "journal"] = Field(
        description="ledger: the version that counts now; journal: the one that was acknowledged, "
        "which replaces it."
    )
    chain: Chain | None = Field(default=None, description=WHICH_LEDGER)


class CheckpointRequest(Body):
    """Fold the journal into the ledger's folder now; an empty object where there is one ledger."""

    chain: Chain | None = Field(default=None, description=WHICH_LEDGER)


class Retracted(BaseModel):
    """What became of the transactions; sent once that is on disk."""

    retracted: int = Field(description="Transactions that were taken back.")
    transfers: int = Field(description="Their transfers.")
    unknown: list[str] = Field(description="Ids that the ledger does not hold, or no longer.")
    journal_seq: int = Field(description="Number of the last entry in the journal.")


class Version(BaseModel):
    """One version of a transfer."""

    timestamp: str = Field(examples=["2026-01-31T09:30:00.000000+00:00"])
    sender: str
    recipient: str
    amount: float
    asset: str
    value: float | None = Field(description="In the ledger's unit of account; null: none given.")


class Contradiction(BaseModel):
    """A transfer that was acknowledged, and that the ledger's folder holds with other content."""

    id: int
    tx_id: str
    position: int
    journal_version: Version = Field(description="As it was acknowledged.")
    ledger_version: Version | None = Field(description="As it counts now.")
    seen_at: str = Field(examples=["2026-01-31T09:30:00.000000Z"])


class Contradictions(BaseModel):
    """Those that wait for a decision."""

    open: int
    contradictions: list[Contradiction] = Field(description="The oldest, at most 1,000.")


class Resolved(BaseModel):
    """A decision that is on disk and in the ledger."""

    id: int
    keep: Literal["ledger", "journal"]
    journal_seq: int


class CheckpointMade(BaseModel):
    """What a checkpoint changed in the ledger's folder."""

    added: int
    taken_back: int
    journal_seq: int = Field(description="Entries up to this one are in the folder.")
    seconds: float
