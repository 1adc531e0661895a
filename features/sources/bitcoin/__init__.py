"""Bitcoin: inputs and outputs, from a node or an export, as transfers between wallets."""
