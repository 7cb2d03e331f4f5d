"""What the forms ask about and what they show of a refusal, by people at a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.ward import Clinician
from tests.observations import WELL
from tests.support.stacks import Stack, StackBuilder


@pytest.fixture(scope="module")
def ward(stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_builder.running("sqlite", folder=tmp_path_factory.mktemp("contradictions")) as stack:
        yield stack


def signed_in(browser: Browser, ward: Stack, username: str) -> Clinician:
    person = Clinician(browser, url=ward.url, username=username)
    person.open(ward)
    return person


def test_an_admission_says_what_is_known_of_allergies_and_asks_about_a_pregnant_man(
    browser: Browser, ward: Stack
) -> None:
    lead = signed_in(browser, ward, "lead")
    lead.page.goto(f"{ward.url}/patients/admit")
    lead.find("field-last_name").fill("Asked")
    lead.find("field-first_name").fill("Al")
    lead.find("choice-allergy_status-known").check()
    lead.find("choice-pregnant-true").check()
    lead.find("choice-sex-male").check()
    lead.sees("warning-pregnant", "Pregnant and male is unusual.")
    lead.find("patient-form-save").click()
    expect(lead.find("field-allergies")).to_have_attribute("aria-invalid", "true")
    lead.find("field-allergies").fill("Latex")
    lead.find("patient-form-save").click()
    expect(lead.find("confirm-pregnant")).to_be_focused()
    lead.find("confirm-pregnant").click()
    lead.find("patient-form-save").click()
    lead.sees("patient-banner", "Latex")
    [stored] = ward.signed_in("lead").read("/api/patients/", search="Asked")["results"]
    assert (stored["allergies"], stored["allergy_status"], stored["pregnant"]) == ("Latex", "known", True)

    # Put right: another status takes the text away, and every screen tells it from "not recorded".
    lead.page.goto(f"{ward.url}/patients/{stored['id']}/edit")
    lead.find("choice-allergy_status-none_known").check()
    expect(lead.find("field-allergies")).to_have_count(0)
    lead.find("patient-form-save").click()
    lead.sees("patient-banner", "No known allergies")
    assert lead.problems == []


def test_a_weight_in_pounds_is_asked_about_and_a_saturation_is_typed_whole(
    browser: Browser, ward: Stack
) -> None:
    rest = ward.signed_in("lead")
    patient = rest.admit(last_name="Pounds", ward="7A", bed="21")["id"]
    rest.create("/api/reports/", {"patient": patient, "weight": 70})
    nurse = signed_in(browser, ward, "nurse")
    nurse.page.goto(f"{ward.url}/patients/{patient}/record")
    nurse.find("field-o2sat").fill("96.5")
    expect(nurse.find("field-o2sat")).to_have_value("96.5")  # nothing is dropped in silence
    expect(nurse.page.get_by_text("SpO2 is entered as a whole number")).to_be_visible()
    expect(nurse.find("save")).to_be_disabled()
    nurse.find("field-o2sat").fill("")
    nurse.find("section-body").locator("summary").click()
    nurse.find("field-weight").fill("154")
    nurse.sees("warning-weight", "70 last time, now 154 kg. Another unit?")
    expect(nurse.find("save")).to_be_disabled()
    nurse.find("confirm-weight").click()
    nurse.find("save").click()
    expect(nurse.find("saved-done")).to_be_visible()
    assert nurse.problems == []


def test_a_stored_decimal_and_a_stored_contradiction_survive_the_correction_of_another_field(
    browser: Browser, ward: Stack
) -> None:
    rest = ward.signed_in("lead")
    patient = rest.admit(last_name="Kept", ward="7A", bed="22")["id"]
    report = rest.create("/api/reports/", {"patient": patient, **WELL, "o2sat": 96.5})["id"]
    nurse = signed_in(browser, ward, "nurse")
    nurse.page.goto(f"{ward.url}/patients/{patient}/reports/{report}")
    nurse.find("correct-report").click()
    expect(nurse.find("field-o2sat")).to_have_value("96.5")
    nurse.find("field-pulse").fill("90")
    nurse.find("reason").fill("Typed wrong.")
    nurse.find("correction-save").click()
    expect(nurse.find("correction-form")).to_have_count(0)
    stored = rest.read(f"/api/reports/{report}/")
    assert (stored["pulse"], stored["o2sat"], stored["version"]) == (90, 96.5, 2)


def test_an_import_shows_what_is_to_be_looked_at(browser: Browser, ward: Stack, tmp_path: Path) -> None:
    patients = tmp_path / "patients.csv"
    patients.write_text(
        "hospital_number,last_name,first_name,sex,pregnant\nI-7,Imp,Ira,male,true\n", encoding="utf-8"
    )
    lead = signed_in(browser, ward, "lead")
    lead.page.goto(f"{ward.url}/patients/import")
    lead.find("import-file-patients").set_input_files(patients)
    lead.find("import-send").click()
    lead.sees("import-warnings", "Pregnant and male is unusual.")
    lead.sees("import-outcome", "Everything was imported.")
