"""The limit on request bodies, by what arrives and not by what is announced alone."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class LimitBody:
    """ASGI middleware that ends the reading of a body above the limit with a 413.

    Starlette has one too, whose answer is plain text where the length is announced.

    Parameters
    ----------
    app : ASGI application
        Turns HTTPException into an answer.
    limit : int
        Bytes.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        arrived = 0

        async def count() -> Message:
            nonlocal arrived
            if announced.isdecimal() and int(announced) > self.limit:
                raise self._too_large()
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > self.limit:
                raise self._too_large()
            return message

        await self.app(scope, count, send)

    def _too_large(self) -> HTTPException:
        return HTTPException(413, f"the body may hold at most {self.limit} bytes")
