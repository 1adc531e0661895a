"""A ledger from more transfers than memory holds, built on disk; see README.md of this folder."""
