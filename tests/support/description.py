"""Reading /swagger.json: its operations, and whether a JSON value has the shape that it declares."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jsonschema
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver
from drf_yasg.codecs import OpenAPICodecJson
from drf_yasg.openapi import Info

# What the parts of a multipart body may hold.
FILES = {
    "patients": b"hospital_number,first_name,last_name,weight\nA-77,Ada,Byron,61.5\n",
    "reports": b"hospital_number,datetime,pulse\nA-77,2030-01-01T00:00:00Z,70\n",  # rejected: it is ahead
}

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    """One method of one path, as described."""

    method: str
    path: str
    described: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def success(self) -> str:
        return next(status for status in self.described["responses"] if status.startswith("2"))

    @property
    def body_schema(self) -> dict[str, Any] | None:
        bodies = [parameter for parameter in self.described["parameters"] if parameter["in"] == "body"]
        return bodies[0]["schema"] if bodies else None

    @property
    def parts(self) -> list[str]:
        """The parts of a multipart body, each a file."""
        return [
            parameter["name"] for parameter in self.described["parameters"] if parameter["in"] == "formData"
        ]

    def schema_of(self, status: str) -> dict[str, Any] | None:
        schema: dict[str, Any] | None = self.described["responses"][status].get("schema")
        return schema

    def example_of(self, status: str) -> Any:
        return self.described["responses"][status]["examples"]["application/json"]


@lru_cache(maxsize=1)
def description() -> dict[str, Any]:
    """What /swagger.json answers, made without a request."""
    import json

    from drf_yasg.generators import OpenAPISchemaGenerator

    generator = OpenAPISchemaGenerator(Info(title="Wardlight", default_version="v1"))
    described: dict[str, Any] = json.loads(
        OpenAPICodecJson([]).encode(generator.get_schema(None, public=True))
    )
    return described


def operations() -> list[Operation]:
    return [
        Operation(method, path, item[method])
        for path, item in description()["paths"].items()
        for method in METHODS
        if method in item
    ]


def example_files(operation: Operation) -> dict[str, SimpleUploadedFile]:
    """The body of an operation that takes files."""
    return {name: SimpleUploadedFile(f"{name}.csv", FILES[name]) for name in operation.parts}


# ---------------------------------------------------------------- shapes
def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    """The definition behind a reference."""
    while "$ref" in schema:
        schema = description()["definitions"][schema["$ref"].rpartition("/")[2]]
    return schema


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    """As JSON Schema knows it: references put in, x-nullable as null, and no member that is not declared."""
    resolved = {**resolve(schema)}
    is_nullable = resolved.pop("x-nullable", False)
    for whole in resolved.pop("allOf", ()):
        resolved = {**strict(whole)}
    if "properties" in resolved:
        resolved["properties"] = {name: strict(inner) for name, inner in resolved["properties"].items()}
        resolved.setdefault("additionalProperties", False)
    if "items" in resolved:
        resolved["items"] = strict(resolved["items"])
    if isinstance(resolved.get("additionalProperties"), dict):
        resolved["additionalProperties"] = strict(resolved["additionalProperties"])
    return {"anyOf": [resolved, {"type": "null"}]} if is_nullable else resolved


def assert_has_shape(value: Any, schema: dict[str, Any]) -> None:
    """Raises jsonschema.ValidationError, naming what does not fit."""
    jsonschema.validate(value, strict(schema))


# ---------------------------------------------------------------- the addresses that are served
def served_paths() -> Iterator[tuple[str, Any]]:
    """Every path below /api/ and /rest-auth/ with its view; parameters as `{}`."""
    yield from _paths_of(get_resolver().url_patterns, "/")


def _paths_of(patterns: list[Any], before: str) -> Iterator[tuple[str, Any]]:
    import re

    for pattern in patterns:
        text = str(pattern.pattern).removeprefix("^").removesuffix("$").removesuffix(r"\Z")
        path = before + text
        if isinstance(pattern, URLResolver):
            if path.startswith(("/api", "/rest-auth")):
                yield from _paths_of(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and path.startswith(("/api/", "/rest-auth/")):
            yield re.sub(r"\(\?P<\w+>[^)]*\)|<[^>]*>", "{}", path), pattern.callback
