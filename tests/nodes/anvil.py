"""A real Ethereum node for tests: anvil, from npm (``make nodes``)."""

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
CONTRACTS: Mapping[str, Any] = json.loads((HERE / "contracts" / "Money.json").read_text())
WETH = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
GENESIS_S = 1_700_000_000
SLOT_S = 12
STARTS_WITHIN_S = 30.0


def binary() -> Path:
    """The node's program; skips the test where npm has not brought it."""
    found = sorted((HERE / "node_modules" / "@foundry-rs").glob("anvil-*/bin/anvil*"))
    if not found:
        pytest.skip("anvil is not installed: make nodes")
    return found[0]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Anvil:
    """A running node, and what tests do with it. Blocks are mined by hand, one slot apart."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.accounts: list[str] = []
        self.used: set[str] = {WETH}

    def rpc(self, method: str, *params: Any) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url, body.encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            said = json.loads(answer.read())
        assert "error" not in said, (method, said["error"])
        return said["result"]

    def set_up(self) -> None:
        self.accounts = self.rpc("eth_accounts")
        self.used |= set(self.accounts)
        self.rpc("evm_setAutomine", False)
        self.rpc("anvil_setCode", WETH, "0x" + CONTRACTS["contracts"]["Wrapped"]["runtime"])

    def send(self, sender: int, to: str | None, wei: int = 0, data: str = "0x", **more: Any) -> str:
        """Queue a transaction of an account; returns its hash."""
        asked = {"from": self.accounts[sender], "value": hex(wei), "data": data}
        # a limit of our own: the node does not estimate, so that failing calls are mined too
        asked |= {"gas": hex(3_000_000), "gasPrice": hex(20 * 10**9)} | more
        if to is not None:
            asked["to"] = to
            self.used.add(to)
        return str(self.rpc("eth_sendTransaction", asked))

    def call(
        self, sender: int, contract: str, at: str, method: str, *words: Any, wei: int = 0
    ) -> str:
        """Queue a call of a contract's method."""
        selector = CONTRACTS["contracts"][contract]["methods"][method]
        self.used |= {word for word in words if isinstance(word, str)}
        return self.send(sender, at, wei, "0x" + selector + "".join(map(word_of, words)))

    def deploy(self, contract: str, *words: Any, wei: int = 0) -> str:
        """Mine a contract; returns its address."""
        code = CONTRACTS["contracts"][contract]["bytecode"]
        made = self.send(0, None, wei, "0x" + code + "".join(map(word_of, words)))
        self.mine()
        address = str(self.receipt(made)["contractAddress"])
        self.used.add(address)
        return address

    def mine(self, after_s: int = SLOT_S) -> int:
        """Mine what is queued, so long after the block before; returns the block's number."""
        latest = self.rpc("eth_getBlockByNumber", "latest", False)
        self.rpc("evm_setNextBlockTimestamp", int(latest["timestamp"], 16) + after_s)
        self.rpc("evm_mine")
        return int(self.rpc("eth_blockNumber"), 16)

    def receipt(self, tx_id: str) -> dict[str, Any]:
        found = self.rpc("eth_getTransactionReceipt", tx_id)
        assert found is not None
        return dict(found)

    def balance(self, wallet: str) -> int:
        return int(self.rpc("eth_getBalance", wallet, "latest"), 16)

    def token_balance(self, token: str, wallet: str) -> int:
        data = "0x70a08231" + word_of(wallet)  # balanceOf(address)
        return int(self.rpc("eth_call", {"to": token, "data": data}, "latest"), 16)


def word_of(value: Any) -> str:
    """32 bytes of a call's data: an address or a number."""
    return (value[2:] if isinstance(value, str) else f"{value:x}").rjust(64, "0")


@contextmanager
def running(*options: str) -> Iterator[Anvil]:
    """A node of its own, of the main chain's number, with ten rich accounts."""
    port = free_port()
    command = [str(binary()), "--port", str(port), "--chain-id", "1", "--silent"]
    command += ["--timestamp", str(GENESIS_S), "--base-fee", str(10**9), *options]
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with subprocess.Popen(command, env=environment) as process:
        node = Anvil(f"http://127.0.0.1:{port}")
        try:
            _wait(node, process)
            node.set_up()
            yield node
        finally:
            process.terminate()
            process.wait()


def _wait(node: Anvil, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            node.rpc("eth_blockNumber")
        except (urllib.error.URLError, OSError):
            assert process.poll() is None, "anvil ended"
            assert time.monotonic() < until, "anvil does not answer"
            time.sleep(0.05)
        else:
            return
