"""The published JSON schemas, for tests of every output."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

REFERENCE = Path(__file__).resolve().parents[1] / "docs" / "reference"


@cache
def validator(verb: str) -> jsonschema.Draft202012Validator:
    """The schema of a verb's output, checked itself."""
    schema = json.loads((REFERENCE / f"{verb}.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def check(value: dict[str, Any]) -> None:
    """Fail unless the value is what the schema that it names says."""
    verb = value["schema"].removeprefix("mrsift.").partition("/")[0]
    validator(verb).validate(value)
    for study in value["studies"]:
        for volume in study.get("volumes", ()):
            assert abs(sum(volume["probabilities"].values()) - 1) < 1e-6


def parse(text: str) -> dict[str, Any]:
    """JSON text as a value, checked; NaN and Infinity are errors."""

    def refuse(name: str) -> float:
        raise AssertionError(f"{name} in JSON")

    value: dict[str, Any] = json.loads(text, parse_constant=refuse)
    check(value)
    return value
