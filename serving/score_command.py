"""What ``walletrisk score`` does: whom it asks about, and where the answers go.

Heavy libraries are imported where they are used, so that ``--help`` answers at once.
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

import typer

from features.errors import RiskError

if TYPE_CHECKING:
    from features.sources.known import TableOptions

STDIN = "-"
ENDINGS = (".csv", ".parquet", ".ndjson", ".jsonl")
LINES = (".ndjson", ".jsonl")


class Question(NamedTuple):
    """One wallet as of an instant.

    Attributes
    ----------
    wallet : str
        As it was given.
    as_of : int, microseconds since 1970 UTC
    """

    wallet: str
    as_of: int


def questions(
    wallets: Sequence[str], spine: Path | None, as_of: int, written: "TableOptions", chain: str
) -> list[Question]:
    """Whom a command asks about.

    Parameters
    ----------
    wallets : sequence of str
        ``-`` stands for the lines of stdin.
    spine : Path or None
        File of wallets and instants, in place of ``wallets``.
    as_of : int
        Of wallets, and of lines of a spine that name none.
    written : TableOptions
        How the spine is written.
    chain : str
        Whose addresses a spine's wallets are.

    Raises
    ------
    RiskError
        Neither or both are given, or the spine cannot be read.
    """
    if (spine is None) == (not wallets):
        raise RiskError("name wallets (- for the lines of stdin) or a file of them with --spine")
    if spine is None:
        return [Question(wallet, as_of) for wallet in _named(wallets, sys.stdin)]
    require_ending(spine)
    if spine.suffix in LINES:
        return [*_of_lines(spine, as_of)]
    from features.contracts.times import microseconds
    from features.sources.known import read_spine

    rows = read_spine(spine, written, chain=chain)
    instants = microseconds(rows["as_of"]).tolist()
    return [Question(*one) for one in zip(rows["wallet"], instants, strict=True)]


def require_ending(path: Path) -> None:
    """Raise RiskError for a file that is of none of the formats."""
    if path.suffix not in ENDINGS:
        raise RiskError(f"{path}: its name must end with one of {', '.join(ENDINGS)}")


def _named(wallets: Sequence[str], stdin: TextIO) -> Iterator[str]:
    for wallet in wallets:
        if wallet == STDIN:
            yield from (line.strip() for line in stdin if line.strip())
        else:
            yield wallet


def _of_lines(spine: Path, as_of: int) -> Iterator[Question]:
    from pydantic import ValidationError
    from pydantic_core import from_json, to_json

    from serving.schemas.requests import WalletQuestion, address_of
    from serving.schemas.values import microseconds

    if not spine.exists():
        raise RiskError(f"{spine}: no such file")
    for number, line in enumerate(spine.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        try:
            content = from_json(line)
            asked = {"wallet": content} if isinstance(content, str) else content
            one = WalletQuestion.model_validate_json(to_json(asked))
        except ValidationError as error:
            first = error.errors()[0]
            place = first["loc"][0] if first["loc"] else "line"
            raise RiskError(f"{spine}, line {number}: {place}: {first['msg']}") from error
        except ValueError as error:
            raise RiskError(f"{spine}, line {number} is no JSON: {error}") from error
        when = as_of if one.as_of is None else microseconds(one.as_of)
        yield Question(address_of(one.wallet), when)


def answered(
    asked: Sequence[Question],
    address: Callable[[str], str],
    ask: Callable[[str, int], dict[str, Any]],
    done: Callable[[int], None],
) -> Iterator[dict[str, Any]]:
    """Answer each, with ``problem`` in place of an answer where a wallet is no address.

    Parameters
    ----------
    asked : sequence of Question
    address : callable
        Gives the canonical spelling of a wallet, or raises RiskError.
    ask : callable
        Answers for such a wallet and an instant.
    done : callable
        Counts one.
    """
    for wallet, as_of in asked:
        try:
            spelt = address(wallet)
        except RiskError as error:
            yield {"wallet": {"address": wallet}, "problem": str(error)}
        else:
            yield {"wallet": {"address": spelt}, **ask(spelt, as_of)}
        done(1)


def print_answers(answers: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    """Print each for a reader, or a line of JSON."""
    from serving.text import score_text

    for answer in answers:
        problem = "problem" in answer
        text = answer["problem"] if problem else score_text(answer)
        typer.echo(json.dumps(answer) if as_json else text, err=problem and not as_json)


def write_answers(out: Path, answers: Sequence[dict[str, Any]]) -> None:
    """Write a file: all of each answer as a line of JSON, or what fits into a table.

    It appears under its name when it is whole.
    """
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    from serving.scoring.answer_table import SCHEMA, answer_row, problem_row

    part = out.with_name(f"{out.name}.part")
    if out.suffix in LINES:
        with part.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(answer) + "\n" for answer in answers)
    else:
        rows = [
            problem_row(item, one["wallet"]["address"], one["problem"])
            if "problem" in one
            else answer_row(item, one)
            for item, one in enumerate(answers)
        ]
        table = pa.Table.from_pylist(rows, SCHEMA)
        if out.suffix == ".parquet":
            pyarrow.parquet.write_table(table, part)
        else:
            pyarrow.csv.write_csv(table, part)
    part.replace(out)
