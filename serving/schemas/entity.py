"""Whose score it is, where the wallets of a cluster are scored as one."""

from pydantic import BaseModel, Field

from features.clusters.entity import MOST_TRANSFERS, MOST_WALLETS

SHOWN_WALLETS = 5


class EntityFacts(BaseModel):
    """Wallets that are taken for one owner's, by what was to be seen before as_of."""

    wallets: int = Field(description="How many they are.")
    shown: list[str] = Field(
        description=f"The first {SHOWN_WALLETS} by name; the wallet alone where not whole."
    )
    whole: bool = Field(
        description=f"False: they are more than {MOST_WALLETS:,} or have more than "
        f"{MOST_TRANSFERS:,} transfers, as a service has, and the wallet is scored alone."
    )
    listed: int = Field(description="How many of them lists name; where whole. See ``known``.")
    listed_shown: list[str] = Field(description="The first of those by name.")
    sanctioned: bool = Field(description="Whether one of them is under a sanction at as_of.")
