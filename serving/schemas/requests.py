"""Requests of the ``/v1`` API: wallets asked about, and transfers to add."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from features.ledger.supposed import MOST_SUPPOSED
from features.trails.flow import MAX_WALLETS, SHARE
from serving.schemas.fields import Amount, Chain, Instant, Measure, Name

Level = Literal["wallet", "entity"]
Include = Literal["reasons", "groups", "exposure"]
MAX_TRANSFERS = 10_000
MAX_BATCH = 1_000
MAX_CONTEXT = 256
WHICH_LEDGER = "Of the ledger, as in Wallet. Null: the only one."
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
    chain: Chain | None = Field(
        default=None,
        description="Of the ledger that is asked, or the name of that; see /v1/ledgers. Null: the "
        "only one; needed where there are several.",
    )


WalletNamed = Annotated[
    Annotated[Name, Tag("<text>")] | Annotated[Wallet, Tag("<object>")],
    Discriminator(
        _text_or_object,
        custom_error_type="wallet",
        custom_error_message="Input should be text, or an object with address and chain",
    ),
]


def chain_of(wallet: str | Wallet) -> str | None:
    """Which ledger a wallet is said to be in; None: the only one."""
    return None if isinstance(wallet, str) else wallet.chain


def address_of(wallet: str | Wallet) -> str:
    """Address of a wallet, as it was spelled."""
    return wallet if isinstance(wallet, str) else wallet.address


class WalletQuestion(Body):
    """Ask about a wallet as of an instant."""

    wallet: WalletNamed = Field(examples=[EXAMPLE_WALLET, {"address": EXAMPLE_WALLET}])
    as_of: Instant | None = Field(
        default=None,
        description="Answer as at this instant, from what was known before it. Null: now.",
        examples=[None, "2026-01-31T09:30:00Z"],
    )

    @property
    def chain(self) -> str | None:
        """Which ledger it is about; None: the only one."""
        return chain_of(self.wallet)


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


class SupposedTransfer(Body):
    """One movement of an asset that was not made."""

    sender: Name = Field(examples=[EXAMPLE_WALLET])
    recipient: Name = Field(
        examples=["my account"], description="A name that nobody has stands for a new wallet."
    )
    amount: Amount = Field(description="In whole units of the asset.", examples=["1.5", 1.5])
    asset: Name = Field(examples=["ETH"], description="One that the ledger holds.")
    value: Amount | None = Field(
        default=None,
        description="Worth in the ledger's unit of account; needed, but for the unit itself.",
    )
    timestamp: Instant | None = Field(
        default=None, description="Before as_of. Null: just before it.", examples=[None]
    )


class ScoreRequest(WalletQuestion):
    """Ask for the probability that a wallet is illicit."""

    include: list[Include] = Field(
        default=["reasons", "groups"],
        max_length=8,
        description="Why: single columns (reasons), and what they mean together (groups). What "
        "labelled wallets its money came from and went to (exposure; needs labels). Empty: the "
        "score alone, which is faster.",
    )
    level: Level = Field(
        default="wallet",
        description="entity: score all wallets of its cluster as of as_of as one. Needs clusters.",
    )
    context: dict[str, Measure | None] = Field(
        default={},
        max_length=MAX_CONTEXT,
        description="Columns of your own that the model was trained on, see /v1/features. One that "
        "is null or left out counts as unknown, not as zero; any other name is refused.",
        examples=[{}],
    )
    transfers: list[SupposedTransfer] = Field(
        default=[],
        max_length=MOST_SUPPOSED,
        description="What if these had been made, too: the ledger stays as it is. To score a "
        "deposit before it is taken, ask about its sender, and about a new wallet that receives "
        "it, with exposure. Not with level entity.",
        examples=[[]],
    )


class BatchRequest(Body):
    """Ask for many wallets at once."""

    items: list[ScoreRequest | Any] = Field(
        min_length=1,
        max_length=MAX_BATCH,
        description="Each a ScoreRequest. Whatever else an item is, it gets a problem of its own, "
        "and the others their answers.",
    )


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
    chain: Chain | None = Field(default=None, description=WHICH_LEDGER)
