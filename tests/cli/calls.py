"""Calls of the command line, and the transfers that most of them read."""

from pathlib import Path

import pytest

import walletrisk

TRANSFERS = """hash,when,from,to,value
t1,1700000000,w1,w2,3.5
t2,1700003600,w2,w3,3.25
t3,1700007200,w3,w1,1
"""
MAP = "tx_id=hash,timestamp=when,sender=from,recipient=to,amount=value"


def call(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as stopped:
        walletrisk.main([str(argument) for argument in arguments])
    return int(stopped.value.code or 0)


def ingest(file: Path, ledger: Path, *more: str) -> int:
    reading = ("--asset", "ETH", "--time-unit", "s", "--map", MAP)
    return call("ingest", file, "--to", ledger, *reading, *more)
