"""What lies around wallets, in time, as graph networks read it."""

from features.subgraphs.beside import LABEL_COLUMNS, Described, known_labels, node_rows
from features.subgraphs.edges import EDGE_COLUMNS, SIZED_COLUMNS
from features.subgraphs.sequence import SEQUENCE_COLUMNS, recent_transfers
from features.subgraphs.subgraph import SUBGRAPH_VERSION, Subgraphs, subgraphs

__all__ = [
    "EDGE_COLUMNS",
    "LABEL_COLUMNS",
    "SEQUENCE_COLUMNS",
    "SIZED_COLUMNS",
    "SUBGRAPH_VERSION",
    "Described",
    "Subgraphs",
    "known_labels",
    "node_rows",
    "recent_transfers",
    "subgraphs",
]
