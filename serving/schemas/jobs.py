"""Jobs as the ``/v1`` API answers them."""

from typing import Literal

from pydantic import BaseModel, Field

from serving.schemas.answers import ItemProblem, WalletScore


class JobAnswer(BaseModel):
    """A list of wallets that is scored off the request path, and how far it is."""

    id: str
    owner: str = Field(description="Name of the caller who sent it.")
    state: Literal["waiting", "running", "done", "cancelled", "failed"]
    total: int = Field(description="Items of the list.")
    answered: int = Field(description="Of these, those that are answered.")
    problems: int = Field(description="Of those, the ones that could not be, each with a problem.")
    created_at: str = Field(examples=["2026-01-31T09:30:00.000000Z"])
    finished_at: str | None
    failure: str | None = Field(description="What ended it, or what it waits for.")
    result: str | None = Field(description="Where its answers are, once it has ended.")


class JobsAnswer(BaseModel):
    """The caller's jobs, the newest first, at most 100; all callers' for an admin."""

    jobs: list[JobAnswer]


class JobLine(BaseModel):
    """One line of a result in NDJSON."""

    item: int = Field(description="Place in the list, from 0.")
    answer: WalletScore | None = None
    problem: ItemProblem | None = None
    wallet: str | None = Field(description="As it was sent.")
