"""A client made from the endpoint's OpenAPI document asks; prints what it was told, as JSON."""

import json
import sys
from typing import Any

FOLDER, URL, AS_OF, *WALLETS = sys.argv[1:]
sys.path.insert(0, FOLDER)

from walletrisk_client import Client  # noqa: E402 - it was made a moment ago
from walletrisk_client.api.ledger import add_transfers  # noqa: E402
from walletrisk_client.api.model import describe_model, list_features  # noqa: E402
from walletrisk_client.api.scores import score_wallet, score_wallets, trace_wallet  # noqa: E402
from walletrisk_client.models import (  # noqa: E402
    BatchRequest,
    Problem,
    ScoreRequest,
    TraceRequest,
    TransfersRequest,
)


def main() -> None:
    client = Client(base_url=URL)
    questions = [{"wallet": wallet, "as_of": AS_OF} for wallet in WALLETS]
    one = score_wallet.sync(client=client, body=ScoreRequest.from_dict(questions[0]))
    batch = score_wallets.sync(client=client, body=BatchRequest.from_dict({"items": questions}))
    trace = trace_wallet.sync(client=client, body=TraceRequest.from_dict(questions[0]))
    refused = score_wallet.sync(client=client, body=ScoreRequest.from_dict({"wallet": ""}))
    moved = {
        "tx_id": "by a generated client", "timestamp": AS_OF, "sender": WALLETS[0],
        "recipient": WALLETS[1], "amount": "1.5", "asset": "ETH",
    }  # fmt: skip
    body = TransfersRequest.from_dict({"transfers": [moved]})
    added = add_transfers.sync(client=client, body=body)
    model = describe_model.sync(client=client)
    features = list_features.sync(client=client)
    said: dict[str, Any] = {
        "one": one.to_dict(),
        "batch": [item.to_dict() for item in batch.items],
        "trails": len(trace.trails),
        "refused": [type(refused) is Problem, refused.status],
        "added": added.added,
        "model": model.version,
        "features": len(features.columns),
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main()
