"""Requests and answers about what callers say of wallets: labels, and feedback."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from serving.schemas.fields import NO_NUL, Chain, Instant, Name
from serving.schemas.requests import EXAMPLE_WALLET, WHICH_LEDGER, Body

MAX_LABELS = 1_000
Confidence = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Number = Annotated[int, Field(ge=1, lt=2**53)]
Note = Annotated[str, Field(min_length=1, max_length=4_000, pattern=NO_NUL)]


class Label(Body):
    """What a wallet is, from when it was known on."""

    wallet: Name = Field(examples=[EXAMPLE_WALLET])
    label: Literal["illicit", "licit", "none"] = Field(
        description="none: of a category without a verdict, such as a mixer."
    )
    category: Name | None = Field(
        default=None, description="In your words; known ones are mapped, others count as other."
    )
    original: Name | None = Field(default=None, description="What its source calls it.")
    source: Name | None = Field(default=None, description="Who says so. Null: the caller's name.")
    confidence: Confidence = 1.0
    known_at: Instant | None = Field(
        default=None,
        description="Since when it could be known. Null: now. Never later; before now only with "
        "the scope admin, since it changes what is answered as of the past.",
    )
    until: Instant | None = Field(
        default=None, description="When it ends, which is known only from then on. Null: holds on."
    )


class LabelsRequest(Body):
    """Add labels to what is known; one that says what is known already is that label."""

    labels: list[Label] = Field(min_length=1, max_length=MAX_LABELS)
    chain: Chain | None = Field(default=None, description=WHICH_LEDGER)


class LabelEndsRequest(Body):
    """End labels that were posted: as of before the end they hold, and afterwards not."""

    ids: list[Number] = Field(min_length=1, max_length=MAX_LABELS)
    until: Instant | None = Field(
        default=None, description="Null: now. Before now only with the scope admin."
    )
    chain: Chain | None = Field(default=None, description=WHICH_LEDGER)


class PostedLabelsRequest(Body):
    """Ask for the labels of a wallet that were posted."""

    wallet: Name = Field(examples=[EXAMPLE_WALLET])
    chain: Chain | None = Field(default=None, description=WHICH_LEDGER)


class Finding(Body):
    """What an analyst found of a wallet."""

    wallet: Name = Field(examples=[EXAMPLE_WALLET])
    finding: Literal["illicit", "licit", "unclear"] = Field(
        description="unclear ends what the same author found before."
    )
    category: Name | None = None
    available_at: Instant | None = Field(
        default=None, description="When the finding was there to be known. Null: now. Never later."
    )
    confidence: Confidence = 1.0
    score: Name | None = Field(default=None, description="Id of the answer that it is about.")
    note: Note | None = None


class FeedbackRequest(Body):
    """Say what became of wallets, for the next training; no answer reads it."""

    findings: list[Finding] = Field(min_length=1, max_length=MAX_LABELS)
    chain: Chain | None = Field(default=None, description=WHICH_LEDGER)


class LabelsAdded(BaseModel):
    """Labels that are on disk and in the next score."""

    ids: list[int] = Field(description="One a label, in order; to end it by.")
    added: int
    duplicates: int = Field(description="Of which was known what they say.")
    back_dated: int = Field(description="Known before now: answers as of the past change.")
    known_at: str = Field(description="Of the latest; a score as of later sees all.")


class LabelsEnded(BaseModel):
    """Ends that are on disk and in the next score."""

    ended: int
    unknown: list[int] = Field(description="Ids of no posted label of this ledger.")
    ended_before: list[int] = Field(description="Ids that had ended by then.")
    until: str


class KnownLabel(BaseModel):
    """A label that was posted."""

    id: int
    label: str
    category: str | None
    original: str | None
    source: str | None
    confidence: float
    known_at: str
    until: str | None
    author: str = Field(description="The caller who posted it.")
    received_at: str
    ended_by: str | None


class PostedLabelsAnswer(BaseModel):
    """The posted labels of a wallet, whether or not they have ended."""

    labels: list[KnownLabel]


class FeedbackAdded(BaseModel):
    """Findings that are on disk."""

    ids: list[int]
