"""Requests and answers of the ``/v1`` API."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from features.trails.flow import MAX_WALLETS, SHARE
from features.trails.records import SHOWN
from serving.fields import Amount, Instant, Measure, Name
from serving.flow_schemas import FlowFacts, MovedTransfer
from serving.reason_schemas import Reason, ReasonGroup

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

MAX_TRANSFERS = 10_000
MAX_BATCH = 1_000
MAX_CONTEXT = 256
EXAMPLE_WALLET = "0x8589427373d6d84e98730d7795d8f6f8731fda16"


def _text_or_object(value: object) -> str | None:
    if isinstance(value, str):
        return "<text>"
    return "<object>" if isinstance(value, (dict, Wallet)) else None


class Body(BaseModel):
    """A request: unknown fields and wrong types are errors, nothing is ignored."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Wallet(Body):
    """A wallet by its address, and the chain it is on if the caller wants that checked."""

    address: Name = Field(examples=[EXAMPLE_WALLET])
    chain: Name | None = Field(
        default=None, description="Refused where it is not the chain this endpoint serves."
    )


class WalletQuestion(Body):
    """Ask about a wallet as of an instant."""

    wallet: Annotated[
        Annotated[Name, Tag("<text>")] | Annotated[Wallet, Tag("<object>")],
        Discriminator(
            _text_or_object,
            custom_error_type="wallet",
            custom_error_message="Input should be text, or an object with address and chain",
        ),
    ] = Field(examples=[EXAMPLE_WALLET, {"address": EXAMPLE_WALLET}])
    as_of: Instant | None = Field(
        default=None,
        description="Answer as at this instant, from what was known before it. Null: now.",
        examples=[None, "2026-01-31T09:30:00Z"],
    )


class TraceRequest(WalletQuestion):
    """Ask for the transfers that prove a wallet's features, or for where its money came from."""

    direction: Literal["backward", "forward"] | None = Field(
        default=None,
        description="Follow all money that it received back, or that it sent onward, instead.",
    )
    to: list[Name] | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_WALLETS,
        description="With a direction: only what comes from, or reaches, these addresses.",
        examples=[None],
    )
    share: float = Field(
        default=SHARE, gt=0, le=1, description="With a direction: of the value that is kept."
    )

    @model_validator(mode="after")
    def _directed(self) -> "TraceRequest":
        if self.direction is None and self.model_fields_set & {"to", "share"}:
            raise ValueError("to and share need a direction")
        return self


class ScoreRequest(WalletQuestion):
    """Ask for the probability that a wallet is illicit."""

    include: list[Literal["reasons", "groups"]] = Field(
        default=["reasons", "groups"],
        max_length=8,
        description="Why: single columns (reasons), and what they mean together (groups). "
        "Empty: the score alone, which is faster.",
    )
    context: dict[str, Measure | None] = Field(
        default={},
        max_length=MAX_CONTEXT,
        description="Columns of your own that the model was trained on, see /v1/features. One that "
        "is null or left out counts as unknown, not as zero; any other name is refused.",
        examples=[{}],
    )


class BatchRequest(Body):
    """Ask for many wallets at once."""

    items: list[ScoreRequest] = Field(min_length=1, max_length=MAX_BATCH)


class Transfer(Body):
    """One movement of an asset, identified by (tx_id, position)."""

    tx_id: Name
    position: int = Field(
        default=0, ge=0, lt=2**31, description="Which transfer of the transaction."
    )
    timestamp: Instant = Field(examples=["2026-01-31T09:30:00Z"])
    sender: Name
    recipient: Name
    amount: Amount = Field(description="In whole units of the asset.", examples=["1.5", 1.5])
    asset: Name = Field(examples=["ETH"])
    value: Amount | None = Field(
        default=None,
        description="Worth in the ledger's unit of account. Null or left out: not known, counted "
        "by coverage alone; but a transfer of the unit itself is worth its amount.",
    )


class TransfersRequest(Body):
    """Add transfers to the ledger; copies of transfers that are there already are ignored."""

    transfers: list[Transfer] = Field(min_length=1, max_length=MAX_TRANSFERS)


class Coverage(BaseModel):
    """How much history stands behind a score."""

    transfers_in: int
    transfers_out: int
    age_s: float | None = Field(description="Seconds from the wallet's first transfer to as_of.")
    truncated_share: float = Field(description="Share of the history beyond the reading limit.")
    ledger_last_timestamp: str | None = Field(description="Latest transfer of the whole ledger.")


class ModelFacts(BaseModel):
    """Which model spoke."""

    version: str
    kind: str
    trained_until: str | None
    feature_definitions: str


class BandFacts(BaseModel):
    """The policy behind ``band``: the lowest probability of each band above ``low``."""

    version: str
    thresholds: Mapping[str, float]
    unit: str = Field(
        description="What the thresholds are, in words.",
        examples=["probability that a wallet is illicit, where 0.01 of all wallets are"],
    )
    chosen_by: str = Field(description="How they were chosen, in words.")


Status = Literal["scored", "unknown_wallet", "insufficient_data"]


class WalletScore(BaseModel):
    """The score of one wallet, a signal for a reviewer and not a decision.

    ``base_log_odds + sum(contributions of reasons) + other_log_odds = log_odds``, and so with
    ``groups`` and ``other_groups_log_odds``. The base is a typical wallet, whose log-odds are those
    of the base rate. A wallet that is not scored carries the base rate and the band ``unknown``:
    nothing is known, which is not safe.
    """

    request_id: str
    wallet: Wallet
    as_of: str = Field(examples=["2026-01-31T09:30:00.000000Z"])
    status: Status
    probability: float = Field(ge=0, le=1)
    probability_low: float | None = Field(
        ge=0,
        le=1,
        description="Among wallets with such scores the share of illicit ones is expected between "
        "this and ``probability_high``, if the stated base rate holds. Null if not scored.",
    )
    probability_high: float | None = Field(ge=0, le=1)
    categories: Mapping[str, float] | None = Field(
        description="Probability of each kind of crime that the labels told enough of; they add to "
        "``probability``. Null where the model tells no kinds, or nothing is known of the wallet."
    )
    log_odds: float
    band: Literal["low", "medium", "high", "severe", "unknown"]
    base_rate: float
    reasons: list[Reason] | None = Field(description="The five largest; null if not asked for.")
    base_log_odds: float | None
    other_log_odds: float | None
    groups: list[ReasonGroup] | None = Field(
        description="The five largest meanings; null if not asked for."
    )
    other_groups_log_odds: float | None
    coverage: Coverage
    model: ModelFacts
    bands: BandFacts


class TracedTransfer(MovedTransfer):
    """One transfer of a trail."""

    hop: int = Field(
        description="Place in the trail from 1, in the order the money moved; "
        "for bursts and groups, order of time."
    )
    traced_amount: float = Field(description="What of the value belongs to the trail.")


class Trail(BaseModel):
    """A series of transfers that proves features: a chain, a cycle, a burst, a path."""

    columns: list[str] = Field(description="The features that it proves.")
    category: str = Field(description="Of the labelled wallet at the far end; empty: none.")
    left_out: int = Field(
        description=f"Transfers that are not shown: of more than {SHOWN}, those in the middle."
    )
    transfers: list[TracedTransfer]


class WalletTrace(BaseModel):
    """The money trail behind a wallet's features, a few trails each, the most telling first.

    No trail is no clean bill: see ``status``, ``labels``, ``truncated`` and ``coverage``.
    """

    request_id: str
    wallet: Wallet
    as_of: str = Field(examples=["2026-01-31T09:30:00.000000Z"])
    status: Literal["traced", "unknown_wallet"]
    labels: bool = Field(description="False: none are loaded, so no path to a known wallet.")
    truncated: bool = Field(description="A limit cut the history or a search short.")
    coverage: Coverage
    trails: list[Trail] = Field(description="Empty where a direction was asked for.")
    flow: FlowFacts | None = Field(description="Where a direction was asked for.")


class ItemProblem(BaseModel):
    """What kept one item of a batch from a score: problem details of RFC 9457."""

    type: str
    title: str
    status: int
    detail: str


class BatchAnswer(BaseModel):
    """One entry an item, in the order of the request; ``status`` is a number in a problem."""

    items: list[WalletScore | ItemProblem]


class Health(BaseModel):
    """The answer of a probe."""

    status: Literal["live", "ready"]


class TransfersAdded(BaseModel):
    """What became of the transfers; sent once they are on disk."""

    added: int
    duplicates: int = Field(description="Identical copies of transfers that were there already.")
    journal_seq: int = Field(description="Number of the last entry in the journal.")


class ModelAnswer(ModelFacts):
    """Facts from the model's manifest."""

    base_rate: float
    min_transfers: int = Field(description="Wallets with fewer transfers are not scored.")
    feature_names: list[str]
    bands: BandFacts


class FeatureFacts(BaseModel):
    """One feature and what it means."""

    name: str
    view: str
    unit: str = Field(examples=["s", "share"])
    meaning: str
    scale_free: bool = Field(description="Unchanged when all amounts are multiplied by a number.")
    calendar: bool = Field(description="Depends on the hour of the day.")
    unasked: bool = Field(description="Others can move it at no cost: what came in as dust.")
    source: str = Field(description="Origin of the definition; empty: a plain statistic or ours.")
    used: bool = Field(description="Whether the loaded model reads it.")


class FeaturesAnswer(BaseModel):
    """All features that this endpoint computes, and those that come with a request."""

    version: str = Field(description="Fingerprint of the definitions; a model fits one of them.")
    dust: str = Field(description="Which receipts no column counts, but those that are unasked.")
    columns: list[FeatureFacts]
    context: list[str] = Field(description="What the model reads of a request's context.")


class FieldError(BaseModel):
    """One mistake and its place in the body, a JSON pointer."""

    pointer: str = Field(examples=["#/transfers/3/amount"])
    detail: str


class Problem(ItemProblem):
    """Problem details of RFC 9457."""

    instance: str
    errors: list[FieldError] = []


def finite(value: float) -> float | None:
    """``value`` for JSON, which has no nan and no infinity."""
    return value if math.isfinite(value) else None


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970 UTC.

    Examples
    --------
    >>> microseconds(datetime.fromisoformat("1970-01-01T01:00:00.5+01:00"))
    500000
    """
    return (instant - _EPOCH) // _MICROSECOND


def instant_text(since_1970: int) -> str:
    """ISO 8601 text of microseconds since 1970 UTC.

    Examples
    --------
    >>> instant_text(1)
    '1970-01-01T00:00:00.000001Z'
    """
    moment = _EPOCH + timedelta(microseconds=since_1970)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
