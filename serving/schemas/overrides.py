"""Decisions of analysts: what is asked for, and what is told of them."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from serving.audit.ids import ID_PATTERN
from serving.schemas.fields import NO_NUL, Instant, Name
from serving.schemas.requests import EXAMPLE_WALLET, Body, Wallet, WalletNamed

Decision = Literal["allow", "block", "low", "medium", "high", "severe"]
ScoreId = Annotated[str, Field(pattern=ID_PATTERN, examples=["019acf3b1c2e7a0b8c1d2e3f40516273"])]
Reason = Annotated[str, Field(min_length=1, max_length=2_000, pattern=NO_NUL)]


class OverrideRequest(Body):
    """Decide on a wallet, named itself or by an answer about it."""

    wallet: WalletNamed | None = Field(default=None, examples=[EXAMPLE_WALLET])
    score: ScoreId | None = Field(
        default=None, description="Id of the answer that is decided on.", examples=[None]
    )
    decision: Decision = Field(description="A band, or a word to those who act.")
    author: Name = Field(description="Who decides; the caller is written down beside it.")
    reason: Reason = Field(examples=["KYC file 4711: a payroll provider"])
    expires_at: Instant | None = Field(
        description="From when on it does not hold any more; null, which must be said: never.",
        examples=["2027-01-31T00:00:00Z"],
    )

    @model_validator(mode="after")
    def _one_wallet(self) -> Self:
        if (self.wallet is None) == (self.score is None):
            raise ValueError("name one of wallet and score")
        return self


class FindRequest(Body):
    """Ask for all decisions on a wallet."""

    wallet: WalletNamed = Field(examples=[EXAMPLE_WALLET])


class WithdrawRequest(Body):
    """End a decision."""

    author: Name
    reason: Reason


class Override(BaseModel):
    """A decision that was in force."""

    id: str
    decision: Decision
    author: str
    reason: str
    set_at: str = Field(examples=["2026-01-31T09:30:00.000000Z"])
    expires_at: str | None = Field(description="Null: never.")
    score: str | None = Field(description="Id of the answer that was decided on.")


class PastOverride(Override):
    """A decision with its end, if it came."""

    wallet: Wallet
    caller: str = Field(description="Whose key it came with.")
    ended_at: str | None = Field(description="When it was withdrawn, or replaced by another.")
    ended_by: str | None
    ended_why: str | None


class OverridesFound(BaseModel):
    """Decisions, the latest first."""

    overrides: list[PastOverride]
