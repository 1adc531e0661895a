"""What is said beside a score: lists that name the wallet, and what it is exposed to."""

from typing import Literal

from pydantic import BaseModel, Field

from features.contracts.known_wallets import MOST_ENTRIES


class KnownEntry(BaseModel):
    """A label of the wallet itself."""

    category: str = Field(examples=["sanctioned"], description="Our category of what it says.")
    original: str | None = Field(description="What the list itself calls it; null: nothing.")
    label: Literal["illicit", "licit"] | None = Field(description="Null: it judges nothing.")
    source: str | None = Field(examples=["ofac"])
    known_at: str = Field(examples=["2022-08-08T00:00:00.000000Z"])
    until: str | None = Field(description="When it ended; null: as of as_of it held.")
    confidence: float = Field(ge=0, le=1)
    sanctioned: bool = Field(description="Whether it is a sanction, in force or lifted since.")


class Known(BaseModel):
    """What lists said of the wallet before as_of. It is no part of the probability."""

    sanctioned: bool = Field(description="Whether a sanction was in force.")
    entries: list[KnownEntry] = Field(
        description=f"At most {MOST_ENTRIES}: those in force first, sanctions before others."
    )
    left_out: int = Field(description="Entries that are not shown.")


class ExposureLine(BaseModel):
    """Value that pro-rata tracing leads to labelled wallets of one category, at so many hops."""

    category: str = Field(examples=["mixer"])
    label: Literal["illicit", "licit"] | None = Field(description="Null: a category alone.")
    kind: Literal["direct", "indirect"]
    hops: int = Field(ge=1, description="1: the counterparty itself is labelled.")
    value: float
    share: float = Field(description="Of the value of the side.")


class ExposureSide(BaseModel):
    """What was received, or sent. Lines and the two other values add up to ``value``."""

    value: float
    lines: list[ExposureLine] = Field(description="The largest first.")
    service_like_value: float = Field(
        description="What led to unlabelled wallets like a service, where paths end."
    )
    unknown_value: float
    truncated: bool = Field(description="A limit cut the search short: lines may be too small.")


class Exposure(BaseModel):
    """Which labelled wallets a wallet's money came from and went to."""

    unit: str = Field(description="Of account.", examples=["ETH"])
    received: ExposureSide
    sent: ExposureSide
