"""The reference of ``train.toml``: every key with meaning and default, made from the code."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from features.errors import RiskError
from training.config import RunConfig
from training.models.kinds import estimator_class, kind_names

SPAN = r"^\d+[dh]$"
_BOUNDS = {Gt: ("above", "gt"), Ge: ("at least", "ge"), Lt: ("below", "lt"), Le: ("at most", "le")}


def reference_text() -> str:
    """Return the reference as Markdown: a table a section, then the kinds of model.

    Raises
    ------
    RiskError
        If a key has no meaning in the docstring of its section: it is to be written there.
    """
    lines = [
        "# train.toml",
        "",
        "Paths are relative to the file. A key that is not here is refused.",
    ]
    for section, field in RunConfig.model_fields.items():
        lines += ["", f"## [{section}]", "", *_section(_section_class(field))]
    return "\n".join([*lines, "", "## Kinds of model", "", *_kinds()]) + "\n"


def meanings(section: type[BaseModel]) -> dict[str, str]:
    """Return what the docstring of a section says of each key.

    Parameters
    ----------
    section
        With a part "Parameters" in numpy style in its docstring.
    """
    doc = inspect.getdoc(section) or ""
    _, _, part = doc.partition("Parameters\n----------\n")
    part = re.split(r"\n\n\w[^\n]*\n-+\n", part)[0]
    found: dict[str, str] = {}
    for head, body in re.findall(r"^(\w[\w, ]*)\n((?:[ ]+.*\n?|\n)+)", part + "\n", re.MULTILINE):
        for name in head.split(", "):
            found[name] = _plain(" ".join(body.split()))
    return found


def _section(section: type[BaseModel]) -> Iterator[str]:
    told = meanings(section)
    missing = sorted(set(section.model_fields) - set(told))
    if missing:
        raise RiskError(f"the docstring of {section.__name__} says nothing of {', '.join(missing)}")
    yield from ("| key | what it takes | default | meaning |", "|---|---|---|---|")
    for name, field in section.model_fields.items():
        default = (
            "needed"
            if field.is_required()
            else _value(field.get_default(call_default_factory=True))
        )
        yield f"| `{name}` | {_cell(_takes(field))} | {default} | {_cell(told[name])} |"


def _kinds() -> Iterator[str]:
    for kind in kind_names():
        yield from ("", f'### model = "{kind}"', "")
        try:
            found = estimator_class(kind)
        except RiskError as error:
            yield str(error)
            continue
        yield _plain((inspect.getdoc(found) or "").split("\n\n")[0].replace("\n", " "))
        yield from ("", "| [model.parameters] | default |", "|---|---|")
        for name, default in found.defaults.items():
            yield f"| `{name}` | {_value(default)} |"


def _takes(field: FieldInfo) -> str:
    """Say in words which values a key takes."""
    return ", ".join([_type_text(field.annotation), *_limits(field.metadata)])


def _limits(metadata: Sequence[Any]) -> list[str]:
    """Say the bounds of a number, and the form of a text."""
    said = []
    for one in metadata:
        said += [
            f"{words} {getattr(one, name)}"
            for kind, (words, name) in _BOUNDS.items()
            if isinstance(one, kind)
        ]
        if getattr(one, "pattern", None) == SPAN:
            said.append('such as "7d" or "12h"')
        said += _limits(getattr(one, "metadata", ()))  # limits in a field of pydantic
    return said


def _type_text(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return " or ".join(f'"{one}"' for one in get_args(annotation))
    if get_origin(annotation) is Annotated:
        of, *metadata = get_args(annotation)
        return ", ".join([_type_text(of), *_limits(metadata)])
    if get_origin(annotation) in (list, dict):
        return {list: "a list of texts", dict: "a table"}[get_origin(annotation)]
    parts = [one for one in get_args(annotation) if one is not type(None)]
    if parts:
        return " or ".join(_type_text(one) for one in parts)
    names = {"str": "text", "Path": "a path", "int": "a whole number", "float": "a number",
             "bool": "true or false", "AwareDatetime": "a time with an offset"}  # fmt: skip
    name = getattr(annotation, "__name__", str(annotation))
    return names.get(name, name)


def _section_class(field: FieldInfo) -> type[BaseModel]:
    for one in (field.annotation, *get_args(field.annotation)):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
    raise RiskError(f"{field.annotation} is no section")


def _value(value: Any) -> str:
    if value is None or value == [] or value == {}:
        return "none"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return f"`{text}`".replace("'", '"')


def _plain(text: str) -> str:
    """Turn the marks of reStructuredText into those of Markdown."""
    return re.sub(r":\w+:`~?([^`]*)`", r"`\1`", text).replace("``", "`")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
