"""From a serializer to what /swagger shows of it: one shape for answers, one for each kind of body.

An answer holds every field, so all are required; a body holds what can be written.
"""

from functools import cache
from typing import Any

from drf_yasg import openapi
from drf_yasg.inspectors import FieldInspector
from rest_framework import serializers
from rest_framework.fields import empty

from ..rules.ranges import RANGES
from .examples import EXAMPLES
from .fields import MeasuredDecimalField, MeasuredWholeField, NotMeasuredField

CREATE, REPLACE, CHANGE = "Create", "Replace", "Change"  # the bodies of POST, PUT and PATCH


def name_of(serializer_class: type[Any]) -> str:
    """What the shape of its answers is called in /swagger."""
    return serializer_class.__name__.removesuffix("Serializer")


@cache
def answer_of(serializer_class: type[Any]) -> type[serializers.Serializer]:
    """A serializer that declares what `serializer_class` answers: all fields, each always there."""

    def get_fields(self: Any) -> dict[str, serializers.Field]:
        fields = {
            name: field for name, field in serializer_class().get_fields().items() if not field.write_only
        }
        for field in fields.values():
            field.read_only, field.required, field.default = False, True, empty
            if isinstance(field, serializers.CharField):
                field.allow_blank = True  # that a text may not be empty is a rule for bodies
        return fields

    return _serializer(name_of(serializer_class), get_fields, of=serializer_class)


@cache
def body_of(serializer_class: type[Any], purpose: str) -> type[serializers.Serializer]:
    """A serializer that declares the body of a POST, PUT or PATCH (`purpose`)."""

    def get_fields(self: Any) -> dict[str, serializers.Field]:
        whole = serializer_class() if purpose == CREATE else serializer_class(object())
        fields = {name: field for name, field in whole.get_fields().items() if not field.read_only}
        if purpose == CHANGE:
            for field in fields.values():
                field.required, field.default = False, empty
        if purpose != CREATE and "version" in whole.get_fields():
            fields["version"] = serializers.IntegerField(
                required=False,
                help_text="the version that is edited; 409 where it is no longer the current one",
            )
        return fields

    return _serializer(f"{name_of(serializer_class)}{purpose}", get_fields, of=serializer_class)


def _serializer(name: str, get_fields: Any, *, of: type[Any]) -> type[serializers.Serializer]:
    schema_fields = {"example": EXAMPLES[name]} if name in EXAMPLES else {}
    meta = type("Meta", (), {"ref_name": name, "swagger_schema_fields": schema_fields})
    members = {"get_fields": get_fields, "Meta": meta, "__doc__": of.__doc__}
    return type(f"{name}Serializer", (of,), members)  # its methods say what method fields return


class WardlightFieldInspector(FieldInspector):
    """Adds what drf-yasg leaves out: null beside a reference, "" beside a choice, the range of a measurement."""

    def process_result(self, result: Any, method_name: str, obj: Any, **kwargs: Any) -> Any:
        if method_name != "field_to_swagger_object":
            return result
        if isinstance(result, openapi.SchemaRef):
            if getattr(obj, "allow_null", False):
                return openapi.Schema(type=openapi.TYPE_OBJECT, all_of=[result], x_nullable=True)
            return result
        if isinstance(obj, MeasuredWholeField | MeasuredDecimalField):
            result["minimum"], result["maximum"] = RANGES[str(obj.source or obj.field_name)].hard
        if getattr(obj, "is_json_object", False):
            result["type"] = openapi.TYPE_OBJECT
        if isinstance(obj, NotMeasuredField):
            reason = openapi.Schema(type=openapi.TYPE_STRING, enum=list(NotMeasuredField.REASONS))
            result["additionalProperties"] = reason
        if isinstance(obj, serializers.ChoiceField) and obj.allow_blank and "enum" in result:
            result["enum"] = [*result["enum"], ""]
        return result
