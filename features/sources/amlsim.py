"""AMLSim, a simulated bank with planted laundering, in the contracts of features.

A pair of files, ``NAME_transactions.parquet`` and ``NAME_nodes.parquet``, as IBM's simulator
(https://github.com/IBM/AMLSim) wrote them. Times are day numbers; day 0 is taken to be 2017-01-01
UTC. Amounts have no currency: the asset is called ``SIM``.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from features.contracts.labels import Labels, check_labels
from features.contracts.transfers import Transfers, check_transfers
from features.errors import SourceError

DAY_0 = pd.Timestamp("2017-01-01", tz="UTC")
ASSET = "SIM"
_TRANSACTIONS = ("sourceNodeId", "targetNodeId", "value", "time")
_NODES = ("nodeid", "isFraud", "fraudStep")


def read_amlsim(transactions: str | Path, nodes: str | Path) -> tuple[Transfers, Labels]:
    """Read transfers and labels of one simulation.

    Parameters
    ----------
    transactions : str or Path
        ``NAME_transactions.parquet``; the row number becomes ``tx_id``.
    nodes : str or Path
        ``NAME_nodes.parquet``.

    Returns
    -------
    transfers : Transfers
        As :func:`features.check_transfers` returns them.
    labels : Labels
        As :func:`features.check_labels` returns them. An account whose first illicit transfer
        ended on day d is known from day d + 1. The truth about all others, illicit ones without a
        day included, is known from the day after the simulation's last transfer.

    Raises
    ------
    SourceError
        A file cannot be read or is no such file.
    """
    moves, accounts = _read(transactions, _TRANSACTIONS), _read(nodes, _NODES)
    transfers = pd.DataFrame(
        {
            "tx_id": pd.Series(np.arange(len(moves))).astype("str"),
            "timestamp": _instants(moves["time"]),
            "sender": moves["sourceNodeId"].astype("str"),
            "recipient": moves["targetNodeId"].astype("str"),
            "amount": moves["value"],
            "asset": ASSET,
        }
    )
    dated = accounts["fraudStep"] >= 0
    known = accounts["fraudStep"].where(dated, moves["time"].max()) + 1
    labels = pd.DataFrame(
        {
            "wallet": accounts["nodeid"].astype("str"),
            "label": np.where(accounts["isFraud"] == 1, "illicit", "licit"),
            "category": np.where(accounts["isFraud"] == 1, "laundering", "ordinary"),
            "known_at": _instants(known),
            "source": "AMLSim",
        }
    )
    return check_transfers(transfers), check_labels(labels)


def _read(path: str | Path, columns: tuple[str, ...]) -> pd.DataFrame:
    try:
        return pd.read_parquet(path, columns=list(columns))
    except (OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise SourceError(
            f"{path}: cannot be read as an AMLSim file of {', '.join(columns)}: {reason}"
        ) from error


def _instants(days: pd.Series) -> pd.Series:
    return DAY_0 + pd.to_timedelta(days, unit="D")
