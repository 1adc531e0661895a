"""Columns of the view ``utxo``, and what bounds the reading behind them."""

from features.view import of_both, per_side, places

READ_CAP = 500  # transfers of each side of the wallet, the latest
RUN_CAP = 512  # transfers of one transaction of another wallet
NEAR_CAP = 100  # transfers of each wallet on the way to a CoinJoin
WALLETS_CAP = 200  # wallets that are looked at on that way
MIX_HOPS_CAP = 4
HUB = 1_000  # transfers of a wallet on the side that is searched; behind more no way leads
PEEL_HOPS_CAP = 64
BATCH = 3  # payees
KEPT = 0.05

_SIDE = (
    ("coinjoin_{d}_share", "value {did} in CoinJoins, over all value {did}"),
    (
        "coinjoin_{d}_hops",
        f"transfers to the nearest CoinJoin, back from what it received and onward from what it "
        f"sent (here: {{did}}), at most {MIX_HOPS_CAP}; nan where none is found among "
        f"{WALLETS_CAP} wallets, {NEAR_CAP} transfers each; not through wallets of over {HUB:,}",
    ),
    (
        "equal_{d}_count",
        "anonymity set: the most payees of one CoinJoin that got one amount, received: the amount "
        "that it got (here: {did}); 0 without a CoinJoin",
    ),
    (
        "same_script_{d}_share",
        "value {did} that went between addresses of one script type, over all value {did} between "
        "it and addresses",
    ),
    ("script_types_{d}_count", "different script types of the addresses that it {did} value with"),
    (
        "payers_{d}_count",
        f"mean number of payers of the transactions {{did}}, each up to {RUN_CAP}",
    ),
    (
        "payees_{d}_count",
        f"mean number of payees of the transactions {{did}}, each up to {RUN_CAP}",
    ),
    ("batch_{d}_share", f"transactions {{did}} with {BATCH} payees or more, over all of them"),
    (
        "peel_{d}_hops",
        "peelings in a row, up to its first receipt and from its latest sending on (here: {did}), "
        f"at most {PEEL_HOPS_CAP}: transactions of one payer and two payees, the larger of which "
        "is new and goes on with its first sending",
    ),
)
_BOTH = (
    ("mined_share", "value received from coinbases, over all value received"),
    ("sweep_share", "transactions sent that pay one address, over all of them"),
    ("pair_share", "transactions sent of one payer and two payees, over all of them"),
    ("copaid_share", "transactions sent that other addresses paid for, too, over all of them"),
    (
        "consolidation_share",
        "transactions sent of several payers to one payee, over all of them",
    ),
    (
        "change_share",
        "transactions sent with several payees of which just one is new, had no transfer at an "
        "earlier instant: its change, over all of them",
    ),
    (
        "born_as_change_ratio",
        "1 where its first receipt was as the one new payee of several, 0 where not",
    ),
    (
        "kept_share",
        f"transactions sent after which it still held {KEPT:g} of what it had before, or more "
        "(change that came back to it, or coins left), over all of them; nan where the history is "
        "longer than is read",
    ),
    (
        "reused_share",
        "transactions received after the instant of its first sending, over all of them",
    ),
    (
        "peeled_share",
        "value that the peelings from its latest sending on paid aside, over the value of the "
        "first of them",
    ),
    ("script_hash_ratio", "1 for an address of a script, which several keys may sign for, else 0"),
    ("witness_ratio", "1 for an address of a witness program (SegWit, Taproot), else 0"),
    (
        "truncated_ratio",
        f"1 where a side has more than {READ_CAP} transfers, or a search more than {WALLETS_CAP} "
        "wallets, else 0",
    ),
)
_FISTFUL = "Meiklejohn et al., A Fistful of Bitcoins, IMC 2013, section"
_PEEL = "Kappos et al., How to Peel a Million, USENIX Security 2022"
_SOURCES = {
    "coinjoin": "Kalodner et al., BlockSci, USENIX Security 2020, section 3.2.1",
    "equal": "Stuetz et al., Adoption and Actual Privacy of Decentralized CoinJoin, AFT 2022",
    "same_script": "Kalodner et al., BlockSci, USENIX Security 2020, section 3.2",
    "peel": f"{_FISTFUL} 5; {_PEEL}",
    "pair": _PEEL,
    "copaid": f"{_FISTFUL} 4, heuristic 1",
    "change": f"{_FISTFUL} 4, heuristic 2",
    "born_as_change": f"{_FISTFUL} 4, heuristic 2",
    "kept": f"{_FISTFUL} 4, self-change",
}
COLUMNS = (
    *per_side("utxo", *_SIDE, sources=_SOURCES),
    *of_both("utxo", *_BOTH, sources=_SOURCES),
)
OF, ALL = places(*_SIDE), places(*_BOTH)
