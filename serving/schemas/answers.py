"""Answers of the ``/v1`` API."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, Field

from features.trails.records import SHOWN
from serving.schemas.beside import Exposure, Known
from serving.schemas.entity import EntityFacts
from serving.schemas.flow import FlowFacts, MovedTransfer
from serving.schemas.overrides import Override
from serving.schemas.reasons import Reason, ReasonGroup, TransferReasons
from serving.schemas.requests import Level, Wallet

Status = Literal["scored", "unknown_wallet", "insufficient_data"]


class Coverage(BaseModel):
    """How much history stands behind a score."""

    transfers_in: int
    transfers_out: int
    age_s: float | None = Field(description="Seconds from the wallet's first transfer to as_of.")
    truncated_share: float = Field(description="Share of the history beyond the reading limit.")
    ledger_last_timestamp: str | None = Field(description="Latest transfer of the whole ledger.")
    ledger_age_s: float | None = Field(
        description="Seconds from there to as_of, 0 where as_of is earlier; null: it is empty."
    )
    stale_after_s: float = Field(description="At what age an answer is marked as stale.")


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


class WalletScore(BaseModel):
    """The score of one wallet, a signal for a reviewer and not a decision.

    ``base_log_odds + sum(contributions of reasons) + other_log_odds = log_odds``, and so with
    ``groups`` and ``other_groups_log_odds``. The base is a typical wallet, whose log-odds are those
    of the base rate. A wallet that is not scored carries the base rate and the band ``unknown``:
    nothing is known, which is not safe.
    """

    id: str = Field(description="Of this answer, see /v1/scores/{id}.")
    request_id: str = Field(description="Of the request, which may hold several questions.")
    wallet: Wallet
    as_of: str = Field(examples=["2026-01-31T09:30:00.000000Z"])
    level: Level
    supposed_transfers: int = Field(
        description="How many transfers are in it that were not made, but supposed."
    )
    entity: EntityFacts | None = Field(description="Whose score it is; null at level wallet.")
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
    known: Known | None = Field(
        description="Lists that the wallet itself was on. Null: no lists are loaded."
    )
    override: Override | None = Field(
        description="What an analyst decided of the wallet, in force at as_of. It is no part of "
        "probability and band."
    )
    stale: bool = Field(
        description="The ledger ends long before as_of, or is empty: what the wallet did since "
        "is not in the score. See coverage."
    )
    exposure: Exposure | None = Field(description="Null if not asked for.")
    reasons: list[Reason] | None = Field(description="The five largest; null if not asked for.")
    base_log_odds: float | None
    other_log_odds: float | None
    groups: list[ReasonGroup] | None = Field(
        description="The five largest meanings; null if not asked for."
    )
    other_groups_log_odds: float | None
    transfer_reasons: TransferReasons | None = Field(
        description="Null if no reasons were asked for, the wallet is not scored, the model reads "
        "no single transfers, transfers are supposed, or the level is that of entities."
    )
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
    stale: bool = Field(description="The ledger ends long before as_of, or is empty.")
    labels: bool = Field(description="False: none are loaded, so no path to a known wallet.")
    truncated: bool = Field(description="A limit cut the history or a search short.")
    coverage: Coverage
    trails: list[Trail] = Field(description="Empty where a direction was asked for.")
    flow: FlowFacts | None = Field(description="Where a direction was asked for.")


class FieldError(BaseModel):
    """One mistake and its place in the body, a JSON pointer."""

    pointer: str = Field(examples=["#/transfers/3/amount"])
    detail: str


class ItemProblem(BaseModel):
    """What kept one item of a batch from a score: problem details of RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []


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
    chain: str = Field(
        description="Of the ledger that it learnt from, and the only one that it scores; empty: "
        "nobody said, and it scores any.",
        examples=["ethereum"],
    )
    unit: str = Field(
        description="Of account: what the values that it learnt from are in.", examples=["ETH"]
    )
    assets: list[str] = Field(description="That most of those transfers were of, at most 50.")
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


class Problem(ItemProblem):
    """Problem details of RFC 9457."""

    instance: str
    request_id: str
