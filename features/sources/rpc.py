"""JSON-RPC over HTTP, in batches."""

from collections.abc import Sequence
from typing import Any

from features.errors import SourceError
from features.sources.web import Web

Call = tuple[str, Sequence[Any]]
METHOD_NOT_FOUND = -32601
BATCH = 100  # calls a request
_SHOWN = 200  # characters of a node's own words


class RpcError(SourceError):
    """A node answered a call with an error."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class JsonRpc:
    """Calls to one node; see :class:`features.sources.web.Web` for its address."""

    def __init__(self, url: str) -> None:
        self._web = Web(url)
        self.host = self._web.host

    def call(self, method: str, *params: Any) -> Any:
        """Result of one call; raises RpcError where the node answers with an error."""
        (result,) = self.all([(method, params)])
        return result

    def all(self, calls: Sequence[Call]) -> list[Any]:
        """Results of many calls in their order; raises the first error."""
        results = self.results(calls)
        for result in results:
            if isinstance(result, RpcError):
                raise result
        return results

    def results(self, calls: Sequence[Call]) -> list[Any]:
        """Results of many calls in their order; what failed is an RpcError in its place."""
        found: list[Any] = []
        for start in range(0, len(calls), BATCH):
            found += self._batch(calls[start : start + BATCH])
        return found

    def _batch(self, calls: Sequence[Call]) -> list[Any]:
        asked = [
            {"jsonrpc": "2.0", "id": at, "method": method, "params": list(params)}
            for at, (method, params) in enumerate(calls)
        ]
        if len(calls) == 1:
            status, answer = self._web.post(asked[0])
            return [self._result(calls[0], answer, status)]
        status, answers = self._web.post(asked)
        if not isinstance(answers, list):  # the node takes no batch, or none so large
            half = len(calls) // 2
            return self._batch(calls[:half]) + self._batch(calls[half:])
        by_id = {one.get("id"): one for one in answers if isinstance(one, dict)}
        return [self._result(call, by_id.get(at), status) for at, call in enumerate(calls)]

    def _result(self, call: Call, answer: Any, status: int) -> Any:
        fields = answer if isinstance(answer, dict) else {}
        error = fields.get("error")
        if error is None and "result" in fields:  # some nodes write both, one of them null
            return fields["result"]
        code = error.get("code") if isinstance(error, dict) else None
        said = error.get("message") if isinstance(error, dict) else f"HTTP {status}, no result"
        method, params = call
        shown = ", ".join(map(str, params))[:_SHOWN]
        return RpcError(
            f"node {self.host}: {method}({shown}): {str(said)[:_SHOWN]}",
            code if isinstance(code, int) else 0,
        )
