"""A small chain on which every way of moving money, or of seeming to, happens once."""

from dataclasses import dataclass, field

from tests.nodes.anvil import WETH, Anvil

ETHER = 10**18
ODD_WEI = 1_234_567_890_123_456_789  # more digits than a float64 holds


@dataclass
class Told:
    """What was done: addresses by name, transactions by name."""

    at: dict[str, str] = field(default_factory=dict)
    tx: dict[str, str] = field(default_factory=dict)
    head: int = 0


def build(node: Anvil) -> Told:
    """Mine the chain; five blocks of contracts, then the cases, several in a block."""
    told = Told()
    at, tx, who = told.at, told.tx, node.accounts
    for name in ("Splitter", "Nested", "Maker", "Logic", "Nameless", "Thing", "Odd"):
        at[name] = node.deploy(name)
    at["Token"] = node.deploy("Token", 10**15)
    at["Proxy"] = node.deploy("Proxy", at["Logic"])
    at["Heir"] = node.deploy("Heir", wei=3 * ETHER)

    tx["plain"] = node.send(1, who[2], ODD_WEI)
    tx["zero"] = node.send(1, who[3])
    tx["self"] = node.send(2, who[2], 5 * ETHER)
    node.mine()
    tx["failed"] = node.call(3, "Nested", at["Nested"], "fail()", wei=2 * ETHER)
    tx["split"] = node.call(
        3, "Splitter", at["Splitter"], "split(address,address)", who[4], who[5], wei=ETHER + 1
    )
    tx["nested"] = node.call(
        4, "Nested", at["Nested"], "attempt(address,address)", who[5], who[6], wei=4 * ETHER
    )
    node.mine()
    tx["make"] = node.call(5, "Maker", at["Maker"], "make(address)", who[7], wei=2 * ETHER)
    tx["keep"] = node.call(5, "Maker", at["Maker"], "keep()", wei=7 * ETHER)
    tx["heir"] = node.call(6, "Heir", at["Heir"], "end(address)", who[8])
    tx["proxy"] = node.call(6, "Logic", at["Proxy"], "run()", wei=ETHER)
    node.mine()
    for name in ("make", "keep"):
        log = node.receipt(tx[name])["logs"][0]
        node.used.add("0x" + log["data"][-40:])
    _tokens(node, told)
    told.head = int(node.rpc("eth_blockNumber"), 16)
    return told


def _tokens(node: Anvil, told: Told) -> None:
    at, tx, who = told.at, told.tx, node.accounts
    send = "transfer(address,uint256)"
    tx["token"] = node.call(0, "Token", at["Token"], send, who[1], 123_456_789)
    tx["token twice"] = node.call(0, "Token", at["Token"], send, who[1], 123_456_789)
    tx["token zero"] = node.call(0, "Token", at["Token"], send, who[1], 0)
    tx["token lacking"] = node.call(9, "Token", at["Token"], send, who[1], 1)
    tx["burn"] = node.call(0, "Token", at["Token"], "burn(uint256)", 5_000_000)
    tx["nameless"] = node.call(1, "Nameless", at["Nameless"], send, who[2], 99)
    tx["thing"] = node.call(1, "Thing", at["Thing"], "give(address,uint256)", who[2], 7777)
    tx["odd"] = node.call(1, "Odd", at["Odd"], send, who[2], 55)
    node.mine()
    tx["wrap"] = node.call(7, "Wrapped", WETH, "deposit()", wei=3 * ETHER)
    tx["pass on"] = node.call(7, "Wrapped", WETH, send, who[8], ETHER)
    node.mine()
    tx["unwrap"] = node.call(8, "Wrapped", WETH, "withdraw(uint256)", ETHER // 4)
    node.mine()
