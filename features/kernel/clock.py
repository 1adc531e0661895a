"""Times inside the ledger: microseconds since 1970 UTC, and how many there are in longer units."""

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
