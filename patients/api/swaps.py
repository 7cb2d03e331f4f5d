"""Two patients who change places, as both doors do it: REST's view and the sockets' consumer call this."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from .. import clock
from ..models import Patient
from ..representations import represent_patient
from ..services import patients as patient_services
from .fields import WholeNumberField
from .schemas import answer_of
from .serializers import PatientSerializer, ResourceSerializer, acting_user
from .writing import Written, read_pk, represent_warnings, write_once


class SwapSerializer(ResourceSerializer):
    """With whom a patient changes places, and which versions of the two were seen."""

    version = WholeNumberField(required=False, help_text="of the patient; 409 where it is another by now")
    with_version = WholeNumberField(required=False, help_text="of the other one; 409 where it is another")

    def get_fields(self) -> dict[str, serializers.Field]:
        return {"with": WholeNumberField(help_text="the other patient's id"), **super().get_fields()}


class SwappedSerializer(serializers.Serializer):
    """Both as they then stand, the one that the address names first."""

    def get_fields(self) -> dict[str, serializers.Field]:
        return {"results": answer_of(PatientSerializer)(many=True)}


def swap_bed(pk: Any, *, data: Any, context: Mapping[str, Any], idempotency_key: Any = None) -> Written:
    """Let two patients change places and give both as clients see them. Raises what errors.py can tell."""

    def swap() -> Written:
        serializer = SwapSerializer(data=data, context=dict(context))
        serializer.is_valid(raise_exception=True)
        values = serializer.validated_data
        patient_id, other_id = read_pk(pk), values["with"]
        # The one in the address is missing: 404. The one in the body: 400, by the name of its field.
        if (
            Patient.objects.filter(pk=patient_id).exists()
            and not Patient.objects.filter(pk=other_id).exists()
        ):
            raise ValidationError({"with": [f"There is no patient {other_id}."]})
        swapped = patient_services.swap_bed(
            patient_id,
            other_id,
            by=acting_user(context),
            now=clock.now(),
            expected_version=values.get("version", serializer.expected_version),
            other_version=values.get("with_version"),
        )
        results = [represent_patient(patient) for patient in swapped]
        return Written(
            {"results": results}, [one for patient in swapped for one in represent_warnings(patient)]
        )

    if idempotency_key is None:
        return swap()
    body = {"swap_bed": str(pk), "data": data}
    return write_once(swap, body=body, context=context, idempotency_key=idempotency_key)
