"""Addresses that sent keys which are none, and how often they may go on."""

import ipaddress
from collections import OrderedDict

from serving.access.bucket import Bucket
from serving.addresses import in_digits

RATE_PER_S = 0.5
ADDRESSES = 10_000  # remembered; the one that was quiet for longest is forgotten
NETWORK_BITS = 64  # of an address of version 6: one client may have them all


class Failures:
    """How long each address must wait that failed often.

    Examples
    --------
    >>> failures = Failures()
    >>> [failures.wait_s("192.0.2.1", 0.0) for _ in range(6)]
    [0.0, 0.0, 0.0, 0.0, 0.0, 2.0]
    """

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def wait_s(self, address: str, now: float) -> float:
        """Count a failure; 0 for the first few, then the seconds after which it may try again."""
        network = _network(address)
        bucket = self._buckets.pop(network, None) or Bucket(RATE_PER_S, now)
        self._buckets[network] = bucket
        if len(self._buckets) > ADDRESSES:
            self._buckets.popitem(last=False)
        return bucket.wait_s(now)

    def forget(self) -> None:
        """Begin anew."""
        self._buckets.clear()


def _network(address: str) -> str:
    parsed = in_digits(address)
    if parsed is None or parsed.version == 4:
        return address
    return str(ipaddress.ip_network((int(parsed), NETWORK_BITS), strict=False))
