"""AMLSim, a simulated bank with planted laundering, in the contracts of features.

A pair of files, ``NAME_transactions.parquet`` and ``NAME_nodes.parquet``, as IBM's simulator
(https://github.com/IBM/AMLSim) wrote them. Times are day numbers; day 0 is taken to be 2017-01-01
UTC. Amounts have no currency: the asset is called ``SIM``.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from features.errors import SourceError
from features.sources.room import require_room_for_table

DAY_0 = pd.Timestamp("2017-01-01", tz="UTC")
ASSET = "SIM"
_TRANSACTIONS = ("sourceNodeId", "targetNodeId", "value", "time")
_NODES = ("nodeid", "isFraud", "fraudStep")


def read_amlsim(paths: Sequence[Path]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read transfers and labels of one simulation, a :class:`features.sources.formats.Reader`.

    Parameters
    ----------
    paths : sequence of Path
        ``NAME_transactions.parquet``, whose row number becomes ``tx_id``, and
        ``NAME_nodes.parquet``.

    Returns
    -------
    transfers : DataFrame
    labels : DataFrame
        An account whose first illicit transfer ended on day d is known from day d + 1. The truth
        about all others, illicit ones without a day included, is known from the day after the
        simulation's last transfer.

    Raises
    ------
    SourceError
        There are not two files, or one cannot be read or is no such file.
    """
    if len(paths) != 2:
        raise SourceError(
            "amlsim: needs two files, NAME_transactions.parquet and NAME_nodes.parquet; "
            f"received {len(paths)}"
        )
    moves, accounts = _read(paths[0], _TRANSACTIONS), _read(paths[1], _NODES)
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
    return transfers, labels


def _read(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    require_room_for_table(path)
    try:
        return pd.read_parquet(path, columns=list(columns))
    except (OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise SourceError(
            f"{path}: cannot be read as an AMLSim file of {', '.join(columns)}: {reason}"
        ) from error


def _instants(days: pd.Series) -> pd.Series:
    return DAY_0 + pd.to_timedelta(days, unit="D")
