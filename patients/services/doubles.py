"""Patients who may be one person twice: an import takes them in and says so."""

from ..models import Patient


def possible_doubles_of(patient: Patient) -> dict[str, list[str]]:
    """Field to messages: who else has the name and the date of birth, and a number that hardly differs."""
    others = Patient.objects.exclude(pk=patient.pk).order_by("pk")
    found: dict[str, list[str]] = {}
    if patient.date_of_birth is not None:
        namesake = others.filter(
            last_name_key=patient.last_name_key,
            first_name_key=patient.first_name_key,
            date_of_birth=patient.date_of_birth,
        ).first()
        if namesake is not None:
            field = "last_name" if patient.last_name else "first_name"
            found[field] = [
                f"The same name and date of birth as patient {_called(namesake)}. Check whether it is one person."
            ]
    if patient.hospital_number is not None:
        alike = others.filter(hospital_number_alike=patient.hospital_number_alike).first()
        if alike is not None:
            found["hospital_number"] = [
                f"It differs from {alike.hospital_number} by case, signs or leading zeros alone. "
                "Check whether it is one person."
            ]
    return found


def _called(patient: Patient) -> str:
    return patient.hospital_number or f"of id {patient.pk}"
