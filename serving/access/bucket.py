"""How often a key may ask: a bucket that fills at a rate, and each request takes from it."""

import math

WINDOW_S = 10  # a bucket holds what its rate fills in so long


class Bucket:
    """Tokens that come back at a rate.

    What costs more than one token, such as a batch, may take more than there are: the next request
    waits until the debt is paid.

    Parameters
    ----------
    rate_per_s : float
        Requests a second, wallets of a batch one by one.
    now : float
        Seconds of a clock that never goes back.

    Examples
    --------
    >>> bucket = Bucket(0.1, 0.0)
    >>> bucket.wait_s(0.0), bucket.wait_s(0.0), bucket.wait_s(10.0)
    (0.0, 10.0, 0.0)
    """

    __slots__ = ("at", "most", "rate_per_s", "tokens")

    def __init__(self, rate_per_s: float, now: float) -> None:
        self.rate_per_s = rate_per_s
        self.most = max(1.0, rate_per_s * WINDOW_S)
        self.tokens = self.most
        self.at = now

    def wait_s(self, now: float) -> float:
        """Take one token and return 0, or return after how many seconds there will be one."""
        self.tokens = min(self.most, self.tokens + (now - self.at) * self.rate_per_s)
        self.at = now
        if self.tokens >= 1:
            self.tokens -= 1
            return 0.0
        return (1 - self.tokens) / self.rate_per_s

    def charge(self, tokens: float) -> None:
        """Take more, into debt where there are not enough, three bucketfuls at most."""
        self.tokens = max(self.tokens - tokens, -3 * self.most)

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """``RateLimit-Policy`` and ``RateLimit`` (draft-ietf-httpapi-ratelimit-headers)."""
        left = max(0, math.floor(self.tokens))
        full = math.ceil((self.most - self.tokens) / self.rate_per_s)
        window = math.ceil(self.most / self.rate_per_s)
        return [
            (b"ratelimit-policy", b'"key";q=%d;w=%d' % (self.most, window)),
            (b"ratelimit", b'"key";r=%d;t=%d' % (left, full)),
        ]
