"""What becomes a record: an answer with all it came from, or a happening."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii as quoted
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from pydantic_core import to_json

from features.contracts.times import instant_text
from serving.audit.asker import Asker


class Entry(Protocol):
    """What waits to be written."""

    @property
    def size(self) -> int:
        """Bytes that it takes while it waits, about."""

    def members(self) -> bytes:
        """Members of its record as JSON, without number and hash."""


class Position(NamedTuple):
    """Where a ledger stood.

    Attributes
    ----------
    identity : str
        Of the ledger.
    journal : str
        Identity of its journal.
    journal_seq : int
        Last entry of the journal: all acknowledged before are in the ledger.
    transfers : int
        That the ledger held, exactly.
    retractions : int
        Transactions that were ever taken back.
    """

    identity: str
    journal: str
    journal_seq: int
    transfers: int
    retractions: int


@dataclass(frozen=True, slots=True)
class Scored:
    """An answer about one wallet.

    Parameters
    ----------
    id : str
    at_us : int
    who : Asker
    question : bytes
        JSON of the request.
    content : mapping
        The answer.
    body : bytes
        The same as JSON, as it is given out.
    values : float64 array
        Features.
    position : Position
    """

    id: str
    at_us: int
    who: Asker
    question: bytes
    content: Mapping[str, Any]
    body: bytes
    values: npt.NDArray[np.float64]
    position: Position

    @property
    def size(self) -> int:
        """Bytes that it takes while it waits, about."""
        return len(self.body) + len(self.question) + self.values.nbytes

    def members(self) -> bytes:
        """Members of its record; the answer comes last, so that its bytes can be cut out."""
        raw = self.values.astype("<f8", copy=False).tobytes()
        return b"".join(
            (
                f'"kind":"score",{_opening(self.at_us, self.id, self.who)},"wallet":'.encode(),
                to_json(self.content["wallet"]),
                b',"as_of":',
                to_json(self.content["as_of"]),
                b',"question":',
                self.question,
                b',"ledger":',
                to_json(self.position._asdict()),
                b',"features":{"sha256":"',
                hashlib.sha256(raw).hexdigest().encode(),
                b'","float64":"',
                base64.b64encode(raw),
                b'"},"length":%d,"answer":' % len(self.body),
                self.body,
            )
        )


@dataclass(frozen=True, slots=True)
class Happening:
    """Anything else that an auditor must know, such as a decision or another model.

    Parameters
    ----------
    id : str
    at_us : int
    kind : str
        In one word.
    who : Asker
    facts : mapping
        For JSON.
    """

    id: str
    at_us: int
    kind: str
    who: Asker
    facts: Mapping[str, Any]

    @property
    def size(self) -> int:
        """Bytes that it takes while it waits, about."""
        return 1_000

    def members(self) -> bytes:
        """Members of its record."""
        head = f'"kind":{quoted(self.kind)},{_opening(self.at_us, self.id, self.who)}'
        return f'{head},"facts":{json.dumps(self.facts, allow_nan=False)}'.encode()


def _opening(at_us: int, id_: str, who: Asker) -> str:
    return (
        f'"at":"{instant_text(at_us)}","id":"{id_}","caller":{quoted(who.name)},'
        f'"route":{quoted(who.route)},"request_id":{quoted(who.request_id)}'
    )
