"""Large JSON bodies, checked part by part: no body holds the interpreter for long.

Pydantic checks a whole body in one call that nothing can interrupt, a second and more for eight
megabytes of mistakes. Here only the reading of the JSON is one call, of a bounded number of values.
"""

from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any, TypeVar, cast, get_origin

from pydantic import BaseModel, ValidationError, create_model
from pydantic_core import ErrorDetails, from_json, to_json
from starlette.exceptions import HTTPException
from starlette.requests import Request

from serving.lane import Lane
from serving.mistakes import MistakesError
from serving.schemas.requests import Body

MAX_VALUES = 100_000  # in a body; 10,000 transfers of seven fields have 70,000
SHORT_BYTES = 16 * 1024  # up to which a body is checked in one call
PART = 10  # items checked at a stretch
KEYS = 300  # of an object that are looked at: more than any may have

_Whole = TypeVar("_Whole", bound=Body)
_Part = TypeVar("_Part", bound=BaseModel)


def require_few_values(body: bytes) -> None:
    """Raise a 413 for a body of more than ``MAX_VALUES`` values, before it is parsed.

    Commas are counted, of which there is one less than values at most.
    """
    if body.count(b",") >= MAX_VALUES:
        raise HTTPException(
            413, f"the body has more than {MAX_VALUES} values; send it in several requests"
        )


async def read_parts(
    request: Request, body: bytes, whole: type[_Whole], part: type[_Part], lane: Lane
) -> _Whole:
    """Read a body that has a list.

    Parameters
    ----------
    request : Request
        Of the body; nothing more is done once its client has gone.
    body : bytes
    whole : type
        Model of the body, one field of which is the list.
    part : type
        Model of an item.
    lane : Lane

    Raises
    ------
    ClientDisconnect
        The client has gone.
    ValidationError, MistakesError
        The body is no JSON, or not such a body.
    """
    if len(body) <= SHORT_BYTES:
        return whole.model_validate_json(body)
    name = _name_of_list(whole)

    def check(at: int) -> list[_Part] | MistakesError:
        return _all(_checked(part, items[at : at + PART], (name, at)), PART)

    around, items = await _items(request, body, whole, lane)
    slices = await lane.each(request, check, range(0, len(items), PART))
    joined = [one for each in slices for one in (each if isinstance(each, list) else [each])]
    checked = _all(joined, None)
    if isinstance(checked, MistakesError):
        raise checked
    beside = {other: getattr(around, other) for other in whole.model_fields}
    return whole.model_construct(**(beside | {name: checked}))


async def read_each(
    request: Request, body: bytes, whole: type[Body], part: type[_Part], lane: Lane
) -> list[_Part | MistakesError]:
    """Read a body as :func:`read_parts` does, but for an item's mistakes, which stand in its place.

    Raises
    ------
    ClientDisconnect
        The client has gone.
    ValidationError
        The body is no JSON, or what stands around the items is not as it must be.
    """
    name = _name_of_list(whole)
    if len(body) <= SHORT_BYTES:
        return _checked(part, _listed(body, whole)[1], (name, 0))

    def check(at: int) -> list[_Part | MistakesError]:
        return _checked(part, items[at : at + PART], (name, at))

    _, items = await _items(request, body, whole, lane)
    slices = await lane.each(request, check, range(0, len(items), PART))
    return [one for each in slices for one in each]


async def _items(
    request: Request, body: bytes, whole: type[Body], lane: Lane
) -> tuple[Body, list[Any]]:
    def listed(_: None) -> tuple[Body, list[Any]]:
        return _listed(body, whole)

    (found,) = await lane.each(request, listed, [None])
    return found


def _listed(body: bytes, whole: type[Body]) -> tuple[Body, list[Any]]:
    """What stands around the list, checked, and its items, unchecked."""
    name = _name_of_list(whole)
    try:
        content = from_json(body)
    except ValueError:
        whole.model_validate_json(body)  # which stops at the same place, and says it for us
        raise
    items = content.get(name) if isinstance(content, dict) else None
    if isinstance(items, list):
        content[name] = [0] * len(items)
    around = _around(whole).model_validate_json(_json(content))
    return around, cast("list[Any]", items)  # or the line above would have raised


def _name_of_list(whole: type[Body]) -> str:
    """Field of a body that is its list."""
    (name,) = (
        name for name, field in whole.model_fields.items() if get_origin(field.annotation) is list
    )
    return name


@cache
def _around(whole: type[Body]) -> type[Body]:
    """Model of the same body, its items of any kind."""
    name = _name_of_list(whole)
    listed: dict[str, Any] = {name: (list[Any], whole.model_fields[name])}
    return create_model("Around", __base__=whole, **listed)


def _json(value: Any) -> bytes:
    """JSON of a part; pydantic says of JSON what is wrong in words of JSON."""
    return to_json(_trimmed(value), inf_nan_mode="constants")


def _trimmed(value: Any) -> Any:
    """Copy of a value, its objects cut to ``KEYS`` keys: each may be a mistake."""
    if not isinstance(value, dict):
        return value
    return {key: _trimmed(one) for key, one in islice(value.items(), KEYS)}


def _checked(
    part: type[_Part], items: list[Any], place: tuple[str, int]
) -> list[_Part | MistakesError]:
    """Each of some items, the first of which is at ``place``, or what is wrong with it."""
    name, start = place
    found: list[_Part | MistakesError] = []
    for at, item in enumerate(items, start):
        try:
            found.append(part.model_validate_json(_json(item)))
        except ValidationError as error:
            placed = islice(_placed(error, (name, at)), PART)
            found.append(MistakesError([*placed], error.error_count()))
    return found


def _all(checked: list[_Part | MistakesError], most: int | None) -> list[_Part] | MistakesError:
    """All items, or the first mistakes in them, at most so many."""
    wrong = [one for one in checked if isinstance(one, MistakesError)]
    if wrong:
        first = [error for one in wrong for error in one.first][:most]
        return MistakesError(first, sum(one.count for one in wrong))
    return [one for one in checked if not isinstance(one, MistakesError)]


def _placed(error: ValidationError, place: tuple[str, int]) -> Iterator[ErrorDetails]:
    for one in error.errors(include_url=False, include_context=False, include_input=False):
        yield {**one, "loc": (*place, *one["loc"])}
