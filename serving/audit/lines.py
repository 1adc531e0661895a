r"""One line of the audit: a record, sealed by the hash of itself and of the record before.

``{"hash":"<h>","record":{"number":7,"previous":"<p>","kind":"score",...}}\n`` in JSON, where ``h``
is the SHA-256 of the record's bytes as they stand there, from brace to brace, and ``p`` that of
number 6. So a record cannot be changed, removed, added or moved without changing all hashes after
it.
"""

import hashlib
import json
import re
from typing import Any, NamedTuple

GENESIS = "0" * 64  # what stands before the first record

_LINE = re.compile(
    rb'\{"hash":"([0-9a-f]{64})","record":'
    rb'(\{"number":([1-9][0-9]{0,17}),"previous":"([0-9a-f]{64})",.+\})\}\n',
    re.DOTALL,
)


class Line(NamedTuple):
    """A record as it stands in a file.

    Attributes
    ----------
    number : int
        From 1, without gaps.
    previous, hash : str
        Of the record before, and of this one.
    record : bytes
        JSON object.
    """

    number: int
    previous: str
    hash: str
    record: bytes

    def content(self) -> dict[str, Any]:
        """What it says."""
        content: dict[str, Any] = json.loads(self.record)
        return content

    def answer(self) -> bytes:
        """The answer of a score, bit for bit."""
        length: int = self.content()["length"]
        return self.record[-1 - length : -1]


def seal(number: int, previous: str, members: bytes) -> tuple[bytes, str]:
    """Make a line of the members of a record; returns it and its hash.

    Examples
    --------
    >>> line, sealed = seal(1, GENESIS, b'"kind":"opened"')
    >>> read(line).hash == sealed, read(line.replace(b"opened", b"closed"))
    (True, None)
    """
    record = b'{"number":%d,"previous":"%s",%s}' % (number, previous.encode(), members)
    sealed = hashlib.sha256(record).hexdigest()
    return b'{"hash":"%s","record":%s}\n' % (sealed.encode(), record), sealed


def read(raw: bytes) -> Line | None:
    """Read a line with its end; None where it is none, or its hash is not that of its record."""
    found = _LINE.fullmatch(raw)
    if found is None:
        return None
    sealed, record, number, previous = found.groups()
    if hashlib.sha256(record).hexdigest().encode() != sealed:
        return None
    return Line(int(number), previous.decode(), sealed.decode(), record)
