"""The question before a transfer is made, and its answer."""

from typing import Annotated, Literal

from pydantic import BaseModel, Discriminator, Field, Tag, model_validator

from serving.schemas.answers import ItemProblem, WalletScore
from serving.schemas.fields import Amount, Instant, Measure, Name
from serving.schemas.requests import EXAMPLE_WALLET, MAX_CONTEXT, Body, Include, Wallet, WalletNamed

Direction = Literal["deposit", "withdrawal"]


class TransferQuestion(Body):
    """Ask what a transfer would bring, before it is taken or made."""

    counterparty: WalletNamed = Field(
        description="Who would send a deposit, or receive a withdrawal.",
        examples=[EXAMPLE_WALLET],
    )
    direction: Direction = Field(description="As seen by you.")
    asset: Name = Field(examples=["ETH"], description="One that the ledger holds.")
    amount: Amount = Field(description="In whole units of the asset.", examples=["1.5", 1.5])
    value: Amount | None = Field(
        default=None,
        description="Worth in the ledger's unit of account; needed, but for the unit itself.",
    )
    wallet: WalletNamed | None = Field(
        default=None,
        description="Your own, or your customer's, whose score with the transfer is wanted. A name "
        "that nobody has stands for a new wallet. Null: the counterparty alone is scored.",
        examples=[None],
    )
    as_of: Instant | None = Field(
        default=None,
        description="As at this instant, just before which the transfer is made. Null: now.",
        examples=[None],
    )
    include: list[Include] | None = Field(
        default=None,
        max_length=8,
        description="As in a score. Null: groups, and exposure where labels are loaded.",
        examples=[None],
    )
    context: dict[str, Measure | None] = Field(
        default={},
        max_length=MAX_CONTEXT,
        description="Of the counterparty: columns of your own that the model was trained on.",
        examples=[{}],
    )
    wallet_context: dict[str, Measure | None] = Field(
        default={}, max_length=MAX_CONTEXT, description="Of your wallet.", examples=[{}]
    )

    @property
    def chain(self) -> str | None:
        """Which ledger it is about, by the counterparty or by the wallet; None: the only one."""
        named = (self.counterparty, self.wallet)
        chains = [one.chain for one in named if isinstance(one, Wallet) and one.chain]
        return chains[0] if chains else None

    @model_validator(mode="after")
    def _on_one_chain(self) -> "TransferQuestion":
        wallet = self.wallet
        if isinstance(wallet, Wallet) and wallet.chain not in (None, self.chain):
            raise ValueError("wallet and counterparty are on two chains")
        return self


def _kind(answer: object) -> str:
    told = answer.get("status") if isinstance(answer, dict) else getattr(answer, "status", None)
    return "<problem>" if isinstance(told, int) else "<score>"


class WalletWith(BaseModel):
    """Your wallet, as it is and as it would be."""

    before: WalletScore
    after: Annotated[
        Annotated[WalletScore, Tag("<score>")] | Annotated[ItemProblem, Tag("<problem>")],
        Discriminator(_kind),
    ] = Field(
        description="With the transfer supposed; a problem where it cannot be, as of wallets with "
        "more transfers than are copied for a question."
    )


class TransferScore(BaseModel):
    """What a transfer would bring: three answers, none of them a decision.

    The counterparty is scored as it is, without the transfer: a deposit's money is what it
    received (``counterparty.exposure.received``), a withdrawal adds to where its money goes.
    """

    as_of: str = Field(examples=["2026-01-31T09:30:00.000000Z"])
    direction: Direction
    sanctioned: bool | None = Field(
        description="Whether the counterparty itself is under a sanction. Null: no lists."
    )
    counterparty: WalletScore
    wallet: WalletWith | None = Field(description="Null where no wallet was named.")
