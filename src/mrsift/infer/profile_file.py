"""A profile from the user's own file: known labels, and roles without code."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from mrsift.errors import ConfigError
from mrsift.labels import LABEL_NAMES, UNKNOWN, Profile, Role

_ROLE_NAME = re.compile(r"[A-Za-z0-9_-]+")  # it becomes part of file names


def read_profile(path: Path, labels: Sequence[str] = LABEL_NAMES) -> Profile:
    """A profile from the user's own file.

    Args:
        path: TOML with `known` (list of labels), and optionally `name` and the tables
            `same_as` (label -> the label it is answered as) and `roles`.
        labels: That the model answers with.

    Returns:
        The profile; its name is the file's where the file gives none.

    Raises:
        ConfigError: The file is missing, is not TOML, or has unknown keys or labels.
    """
    import tomllib  # only who has a profile of their own waits for it

    try:
        fields = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not TOML ({error}); see the docs on profiles") from error
    checked = _check(fields, path)
    same_as = checked["same_as"]
    known = tuple(label for label in labels if label in checked["known"])
    for label in (*checked["known"], *same_as, *same_as.values()):
        if label not in labels or label == UNKNOWN:
            raise ConfigError(f"{path}: {label!r} is no label{did_you_mean(label, labels)}")
    for label in same_as.values():
        if label not in known:
            raise ConfigError(f"{path}: same_as answers {label}, so `known` must hold it")
    answered = [label for label in known if label not in same_as]
    roles = _roles(checked["roles"], answered, path)
    return Profile(checked["name"] or path.stem, known, tuple(same_as.items()), roles)


def _roles(
    tables: Mapping[str, dict[str, Any]], answered: Sequence[str], path: Path
) -> tuple[Role, ...]:
    """The roles of the file, each of labels that can be answered."""
    for name, table in tables.items():
        if not _ROLE_NAME.fullmatch(name):
            raise ConfigError(f"{path}: role {name!r}: use letters, digits, - and _ only")
        for label in table["labels"]:
            if label not in answered:
                hint = did_you_mean(label, answered)
                raise ConfigError(f"{path}: roles.{name}: {label!r} is never answered{hint}")
    return tuple(
        Role(name, **(table | {"labels": tuple(table["labels"])})) for name, table in tables.items()
    )


def _check(fields: dict[str, Any], path: Path) -> dict[str, Any]:
    """The file's content with its types checked, by pydantic."""
    import pydantic

    positive = Annotated[float, pydantic.Field(ge=0, allow_inf_nan=False)]

    class RoleTable(pydantic.BaseModel, extra="forbid"):
        labels: list[str] = pydantic.Field(min_length=1)
        plane: Literal["axial", "sagittal", "coronal", "oblique"] | None = None
        required: bool = True
        b_value: Literal["highest", "lowest"] | positive | None = None
        extent_mm: positive = 0.0

    class ProfileFile(pydantic.BaseModel, extra="forbid"):
        known: list[str] = pydantic.Field(min_length=1)
        name: str = ""
        same_as: dict[str, str] = {}
        roles: dict[str, RoleTable] = {}

    try:
        return ProfileFile.model_validate(fields).model_dump()
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        places = [str(part) for part in first["loc"] if "[" not in str(part)]
        hint = ""
        if first["type"] == "extra_forbidden":
            known = RoleTable if len(places) > 1 else ProfileFile
            hint = did_you_mean(places[-1], list(known.model_fields))
        if places[-1] in ("b_value", "float"):
            places, hint = places[:3], ", or a number in s/mm2"
        raise ConfigError(f"{path}: {'.'.join(places)}: {first['msg'].lower()}{hint}") from error


def did_you_mean(name: str, choices: Sequence[str]) -> str:
    """The choice nearest to a misspelt name, or all of them, to end a message with."""
    from difflib import get_close_matches

    close = get_close_matches(name.upper(), [choice.upper() for choice in choices], 1, 0.5)
    meant = next((choice for choice in choices if [choice.upper()] == close), None)
    return f"; did you mean {meant!r}?" if meant else f"; choose one of {', '.join(choices)}"
