"""Requests and answers about watch lists and their webhooks."""

from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, Field

from serving.schemas.fields import Chain, Name
from serving.schemas.requests import EXAMPLE_WALLET, WHICH_LEDGER, Body
from serving.watch.callback import MOST_CHARACTERS, URL

MAX_WALLETS = 10_000
DAY_S = 86_400
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"

Thresholds = Annotated[
    dict[Annotated[str, Field(pattern=NAME)], Annotated[float, Field(ge=0, le=1)]],
    Field(min_length=1, max_length=8, json_schema_extra={"additionalProperties": False}),
]
ListName = Annotated[str, Path(pattern=NAME, description="Of the watch list.")]
SecretId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
DeliveryId = Annotated[str, Field(pattern=r"^msg_[0-9a-f]{32}$")]
State = Literal["waiting", "delivered", "dead"]


class WatchRequest(Body):
    """Wallets to watch, and where to tell of them."""

    wallets: list[Name] = Field(min_length=1, max_length=MAX_WALLETS, examples=[[EXAMPLE_WALLET]])
    callback: str = Field(
        pattern=URL,
        max_length=MOST_CHARACTERS,
        examples=["https://risk.example/hooks"],
        description="Gets webhooks. https, to a public address unless the settings allow others.",
    )
    thresholds: Thresholds | None = Field(
        default=None,
        description="Bands of this list by the lowest probability of each; below all of them it is "
        "low. Null: the bands of the endpoint.",
        examples=[None],
    )
    chain: Chain | None = Field(default=None, description=WHICH_LEDGER)


class SecretRequest(Body):
    """Make another secret; the one before stays live for a while."""

    keep_s: int = Field(default=DAY_S, ge=0, le=30 * DAY_S)


class ReplayRequest(Body):
    """Deliver dead letters anew."""

    ids: list[DeliveryId] | None = Field(
        default=None, max_length=1_000, description="Null: all that are dead."
    )


class WatchListPut(BaseModel):
    """What became of a list."""

    name: str
    created: bool
    watched: int
    secret_id: str | None
    secret: str | None = Field(description="Of a new list: shown here and never again.")


class SecretMade(BaseModel):
    """A new secret, beside one that ends."""

    secret_id: str
    secret: str = Field(description="Shown here and never again.")


class SecretFacts(BaseModel):
    """A secret that signs; itself it is not told."""

    id: str
    created_at: str
    ends_at: str | None


class WatchFacts(BaseModel):
    """A watch list."""

    name: str
    ledger: str
    callback: str
    thresholds: dict[str, float] | None
    author: str = Field(description="The caller who put it last.")
    changed_at: str
    watched: int
    waiting: int = Field(description="Webhooks that are to be delivered.")
    dead: int = Field(description="Webhooks that were given up.")
    secrets: list[SecretFacts]


class WatchLists(BaseModel):
    """All watch lists."""

    lists: list[WatchFacts]


class Watched(BaseModel):
    """A wallet as it was told last."""

    wallet: str
    band: str | None = Field(description="Null: not looked at yet.")
    probability: float | None
    listed: bool
    as_of: str | None


class WatchAnswer(WatchFacts):
    """A watch list with its wallets."""

    wallets: list[Watched]


class Gone(BaseModel):
    """It was let go of."""

    deleted: bool


class Delivery(BaseModel):
    """A webhook."""

    id: str = Field(description="Its webhook-id.")
    list: str
    state: State
    attempts: int
    outcome: str | None = Field(description="Of the last attempt.")
    created_at: str
    due_at: str | None
    done_at: str | None


class Deliveries(BaseModel):
    """Webhooks of a state, the oldest first, at most 1,000."""

    deliveries: list[Delivery]


class Replayed(BaseModel):
    """Dead letters that are to be delivered anew."""

    replayed: int
