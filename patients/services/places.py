"""Where patients lie: the ward that a name stands for, and what of a place somebody should look at again."""

from collections.abc import Mapping

from django.db.models import Count, Q

from ..models import Patient
from ..rules.places import fold_place

Warnings = Mapping[str, list[str]]  # field -> sentences


def find_ward(name: str, *, of: Patient) -> tuple[str, bool]:
    """The ward that `name` stands for, and whether there is or was another patient in it.

    A name that differs only by case or spaces from that of a ward that is there becomes that ward's; of several such
    wards the one with the most patients. `of` is the patient to be placed, who alone makes no ward: a name that was
    misspelt for one patient can be put right.
    """
    others = Patient.objects.exclude(pk=of.pk)
    if not name or others.filter(ward=name).exists():
        return name, True
    folded = fold_place(name)
    wards = others.exclude(ward="").values("ward").order_by()
    counted = wards.annotate(active=Count("pk", filter=Q(dismissal_date=None)), everybody=Count("pk"))
    same = [ward for ward in counted if fold_place(ward["ward"]) == folded]
    if not same:
        return name, False
    return max(same, key=lambda ward: (ward["active"], ward["everybody"], ward["ward"]))["ward"], True


def warnings_of(patient: Patient, *, is_new_ward: bool) -> Warnings:
    """What of the place of a patient who was just put there is to be looked at; nothing of it is refused."""
    warnings: dict[str, list[str]] = {}
    if is_new_ward:
        warnings["ward"] = [f"There was no ward {patient.ward} before: is it spelt right?"]
    others = in_the_same_bed(patient)
    if others:
        ward = f" of ward {patient.ward}" if patient.ward else ""
        named = ", ".join(f"patient {other.pk}" for other in others)
        warnings["bed"] = [f"Bed {patient.bed}{ward} is taken twice: it is also that of {named}."]
    return warnings


def in_the_same_bed(patient: Patient) -> list[Patient]:
    """The other patients on the ward who have this patient's bed; none where that is not known."""
    if not patient.bed or patient.is_discharged:
        return []
    bed = fold_place(patient.bed)
    on_ward = Patient.objects.filter(ward=patient.ward, dismissal_date=None).exclude(pk=patient.pk)
    return [other for other in on_ward.exclude(bed="").order_by("pk") if fold_place(other.bed) == bed]
