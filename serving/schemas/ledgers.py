"""Answers about the ledgers behind the endpoint."""

from pydantic import BaseModel, Field


class LedgerAnswer(BaseModel):
    """One ledger."""

    name: str = Field(description="In settings and measures.", examples=["ethereum"])
    chain: str | None = Field(
        description="What requests and answers call it by: its chain, or its name where two "
        "ledgers are of one chain. Null: nothing, leave it out.",
        examples=["ethereum"],
    )
    unit: str = Field(description="Of account.", examples=["ETH"])
    transfers: int
    wallets: int
    last_timestamp: str | None = Field(description="Its latest transfer; null: it is empty.")
    labels: bool = Field(description="Whether lists of known wallets are loaded.")
    clusters: bool = Field(description="Whether clusters are, for level entity.")
    journal_entries: int = Field(description="Acknowledged, and not in the folder yet.")
    model_version: str
    bands: str = Field(description="Version of their policy.")


class LedgersAnswer(BaseModel):
    """All of them, in the order of the settings."""

    ledgers: list[LedgerAnswer]
