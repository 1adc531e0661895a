"""Settings out of a file in TOML, the environment and options: the later wins over the former."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsError,
)

from features.contracts.received import suggest
from features.errors import RiskError
from serving.ledger_settings import Bands, LedgerSettings
from serving.settings import PREFIX, Settings
from training.registered import PREFIX as REGISTERED

PATHS = ("ledger", "model", "challenger", "labels", "clusters", "band_table")


def read_settings(config: Path | None, given: Mapping[str, Any]) -> Settings:
    """Join what a file, the environment and options say.

    Parameters
    ----------
    config : Path, optional
        File in TOML with the names of the settings; ``[bands]`` and ``[ledgers.NAME]`` are tables.
        Paths in it are relative to the file.
    given : mapping of str to any
        What options name, None for what they leave open.

    Raises
    ------
    RiskError
        The file cannot be read, a name in it is none, or a value is not allowed.
    """
    content = {} if config is None else _content(config)

    class Joined(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            file = InitSettingsSource(settings_cls, content)
            return init_settings, env_settings, file

    options = {name: value for name, value in given.items() if value is not None}
    try:
        return Joined(**options)
    except ValidationError as error:
        raise RiskError(_told(error, content, config)) from error
    except SettingsError as error:
        raise RiskError(f"{PREFIX}... cannot be read: {error}: {error.__cause__}") from error


def _told(error: ValidationError, content: Mapping[str, Any], config: Path | None) -> str:
    """Say where the first mistake is, as whoever made it wrote the place."""
    first = error.errors()[0]
    place = [str(part) for part in first["loc"] if part != "[key]"]
    inside: Any = content
    for part in place:
        inside = inside.get(part) if isinstance(inside, dict) else None
    where = f"{PREFIX}{'__'.join(place).upper()}: " if place else ""
    if place and inside is not None:
        where = f"{config}: {'.'.join(place)}: "
    return where + first["msg"].removeprefix("Value error, ")


def _content(config: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(config.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RiskError(f"{config} cannot be read as TOML: {error}") from error
    base = config.resolve().parent
    _check(config, content, Settings.model_fields, "")
    ledgers = content.get("ledgers")
    for name, ledger in ledgers.items() if isinstance(ledgers, dict) else ():
        if isinstance(ledger, dict):
            _check(config, ledger, LedgerSettings.model_fields, f"ledgers.{name}.")
            ledger.update(_placed(ledger, base))
    return content | _placed(content, base)


def _check(config: Path, table: Mapping[str, Any], known: Iterable[str], place: str) -> None:
    allowed = list(known)
    for name, value in table.items():
        if name not in allowed:
            raise RiskError(
                f"{config}: {place}{name} is no setting{suggest(name, allowed)}; "
                f"allowed: {', '.join(allowed)}"
            )
        if name == "bands" and isinstance(value, dict):
            _check(config, value, Bands.model_fields, f"{place}bands.")


def _placed(table: Mapping[str, Any], base: Path) -> dict[str, Any]:
    """Paths of a table as seen from the folder of its file."""
    return {
        name: str(base / value)
        for name in PATHS
        if isinstance(value := table.get(name), str) and not value.startswith(REGISTERED)
    }
