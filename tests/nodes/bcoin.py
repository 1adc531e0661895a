"""A real Bitcoin node, bcoin, in regtest: a chain of its own, whose blocks are made on demand."""

import base64
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BCOIN = Path(__file__).parent / "node_modules" / "bcoin" / "bin" / "node"
SATOSHI = 100_000_000
SEGWIT_HEIGHT = 432  # of regtest, from which on witness programs can be spent
_PATIENCE_S = 60


def why_not() -> str | None:
    """Why there is no node here, None where there is one."""
    if shutil.which("node") is None:
        return "needs Node.js"
    return None if BCOIN.exists() else "needs the nodes of tests/nodes: make nodes"


@dataclass
class Regtest:
    """A node that runs; its key is ``k``, its wallets are made as needed."""

    port: int
    wallet_port: int

    @property
    def url(self) -> str:
        return f"http://x:k@127.0.0.1:{self.port}"

    def rpc(self, method: str, *params: Any) -> Any:
        answer = self._ask(self.port, "/", {"method": method, "params": params, "id": 1})
        assert answer["error"] is None, answer
        return answer["result"]

    def script(self, address: str) -> bytes:
        """What locks the coins of an address. (bcoin spells those of regtest in its own way.)"""
        return bytes.fromhex(self.rpc("validateaddress", address)["scriptPubKey"])

    def coins(self, address: str) -> list[dict[str, Any]]:
        """What an address can spend, as the node says: satoshi, ``hash``, ``index``."""
        return list(self._ask(self.port, f"/coin/address/{address}"))

    def balance(self, address: str) -> int:
        return sum(coin["value"] for coin in self.coins(address))

    def new_address(self, wallet: str, *, witness: bool = False) -> str:
        """A new address of a wallet, which is made where there is none."""
        if wallet not in self._ask(self.wallet_port, "/wallet"):
            self._ask(self.wallet_port, f"/wallet/{wallet}", {"witness": witness}, "PUT")
        made = self._ask(self.wallet_port, f"/wallet/{wallet}/address", {"account": "default"})
        return str(made["address"])

    def key(self, wallet: str, address: str) -> str:
        return str(self._ask(self.wallet_port, f"/wallet/{wallet}/wif/{address}")["privateKey"])

    def pay(self, wallet: str, payments: dict[str, int]) -> str:
        """Send satoshi to addresses; the transaction's id."""
        outputs = [{"address": to, "value": value} for to, value in payments.items()]
        path = f"/wallet/{wallet}/send"
        return str(self._ask(self.wallet_port, path, {"outputs": outputs, "rate": 10_000})["hash"])

    def join(self, spent: Sequence[tuple[dict[str, Any], str]], paid: dict[str, int]) -> str:
        """A transaction of coins of several, each with the key that spends it."""
        inputs = [{"txid": coin["hash"], "vout": coin["index"]} for coin, _ in spent]
        amounts = {to: value / SATOSHI for to, value in paid.items()}
        raw = self.rpc("createrawtransaction", inputs, amounts)
        before = [
            {
                "txid": coin["hash"], "vout": coin["index"], "scriptPubKey": coin["script"],
                "amount": coin["value"] / SATOSHI,
            }
            for coin, _ in spent
        ]  # fmt: skip
        signed = self.rpc("signrawtransaction", raw, before, [key for _, key in spent])
        assert signed["complete"], signed
        return str(self.rpc("sendrawtransaction", signed["hex"]))

    def mine(self, blocks: int, wallet: str = "miner") -> list[str]:
        """Hashes of new blocks for a wallet, once it has seen them."""
        made: list[str] = self.rpc("generatetoaddress", blocks, self.new_address(wallet))
        coinbase = self.rpc("getblock", made[-1], True)["tx"][0]
        path = f"/wallet/{wallet}/tx/{coinbase}"
        _wait(lambda: self._ask(self.wallet_port, path)["height"] >= 0)
        return made

    def _ask(self, port: int, path: str, body: Any = None, method: str | None = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}",
            None if body is None else json.dumps(body).encode(),
            {
                "Authorization": "Basic " + base64.b64encode(b"x:k").decode(),
                "Content-Type": "application/json",
            },
            method=method,
        )
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as answer:
            return json.loads(answer.read())


@contextmanager
def regtest(folder: Path) -> Iterator[Regtest]:
    """Start a node in an empty folder, and stop it again."""
    ports = _free_ports(2)
    options = [
        "--network=regtest", "--memory=true", f"--prefix={folder}", "--api-key=k",
        "--wallet-api-key=k", "--workers=false", "--listen=false", "--no-dns",
        "--log-level=warning", "--index-tx", "--index-address", "--max-outbound=1",
        f"--http-port={ports[0]}", f"--wallet-http-port={ports[1]}",
    ]  # fmt: skip
    environment = {**os.environ, "BCOIN_NETWORK": "regtest", "NODE_BACKEND": "js"}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            ["node", str(BCOIN), *options], env=environment, stdout=log, stderr=log
        )
        try:
            node = Regtest(*ports)
            _wait(lambda: process.poll() is not None or node.rpc("getblockcount") == 0)
            _wait(lambda: process.poll() is not None or bool(node._ask(ports[1], "/wallet")))
            assert process.poll() is None, (folder / "log").read_text()
            yield node
        finally:
            process.terminate()
            process.wait(timeout=_PATIENCE_S)


def _free_ports(number: int) -> list[int]:
    held = [socket.socket() for _ in range(number)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def _wait(done: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            if done():
                return
        except OSError:  # it does not listen yet
            pass
        if time.monotonic() > end:
            raise TimeoutError("the node does not answer")
        time.sleep(0.1)
