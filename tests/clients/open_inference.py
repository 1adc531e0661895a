"""Triton's client asks about wallets, as JSON and as bytes; prints what it was told, as JSON."""

import json
import sys
from typing import Any

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

OUTPUTS = ("probability", "probability_low", "status", "band", "known", "stale")


def told(result: triton.InferResult) -> dict[str, Any]:
    columns = {}
    for name in OUTPUTS:
        cells = result.as_numpy(name).tolist()
        columns[name] = [one.decode() if isinstance(one, bytes) else one for one in cells]
    return columns


def main(url: str, wallets: list[str], as_of: str) -> None:
    client = triton.InferenceServerClient(url)
    said: dict[str, Any] = {
        "live": client.is_server_live(),
        "ready": client.is_server_ready(),
        "model_ready": client.is_model_ready("walletrisk"),
        "server": client.get_server_metadata(),
        "model": client.get_model_metadata("walletrisk"),
    }
    (version,) = said["model"]["versions"]
    for binary in (True, False):
        inputs = []
        for name, cells in (("wallet", wallets), ("as_of", [as_of] * len(wallets))):
            tensor = triton.InferInput(name, [len(wallets)], "BYTES")
            inputs.append(tensor.set_data_from_numpy(np.array(cells, object), binary_data=binary))
        wanted = [triton.InferRequestedOutput(name, binary_data=binary) for name in OUTPUTS]
        answer = client.infer("walletrisk", inputs, version, wanted, request_id="mine")
        said["binary" if binary else "json"] = told(answer)
        said["id"] = answer.get_response()["id"]
        said["default"] = told(client.infer("walletrisk", inputs))
    try:
        client.infer("another", inputs)
    except InferenceServerException as error:
        said["refused"] = error.message()
    print(json.dumps(said).replace("NaN", "null"))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[3:], sys.argv[2])
