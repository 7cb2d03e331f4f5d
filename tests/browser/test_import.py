"""Patients and their reports from files, by a lead at a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.ward import Clinician
from tests.support.stacks import Stack, StackBuilder

PATIENTS = "hospital_number,last_name,first_name,ward,bed\nI-1,Importa,Ida,Import,1\nI-2,,,Import,2\n"
NAMELESS = "A first name or a last name is needed; one of the two is enough."
REPORTS = "hospital_number,datetime,pulse\nI-1,{now},88\nI-1,{now},900\n"


@pytest.fixture(scope="module")
def ward(stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_builder.running("sqlite", folder=tmp_path_factory.mktemp("import")) as stack:
        yield stack


def counts(person: Clinician, row: str, *numbers: str) -> None:
    expect(person.find(row).locator("td")).to_have_text(list(numbers))


def test_a_lead_imports_files_and_sees_what_was_rejected(
    browser: Browser, ward: Stack, tmp_path: Path
) -> None:
    patients, reports = tmp_path / "patients.csv", tmp_path / "reports.csv"
    patients.write_text(PATIENTS, encoding="utf-8")
    board = Clinician(browser, url=ward.url, username="nurse")
    board.open(ward)
    lead = Clinician(browser, url=ward.url, username="lead")
    lead.open(ward)
    lead.page.goto(f"{ward.url}/patients")
    lead.find("import").click()

    lead.find("import-file-patients").set_input_files(patients)
    expect(lead.page.get_by_text("2 rows")).to_be_visible()
    lead.find("import-send").click()
    counts(lead, "import-patients", "1", "0", "1")
    expect(lead.page.locator(":focus")).to_have_text("The import has ended")
    expect(lead.find("import-rejects").locator("tbody tr")).to_have_text(
        ["Patients3last_name" + NAMELESS, "Patients3first_name" + NAMELESS]
    )
    expect(board.page.get_by_text("IMPORTA, Ida")).to_be_visible()

    # Again, with reports: the patient is known, and one of the reports cannot be.
    [ida] = ward.signed_in("lead").read("/api/patients/", search="Importa")["results"]
    reports.write_text(REPORTS.format(now=ida["admission_date"]), encoding="utf-8")
    lead.find("import-file-reports").set_input_files(reports)
    expect(lead.find("import-outcome")).to_have_count(0)
    lead.find("import-send").click()
    expect(lead.find("import-outcome")).to_be_visible()
    counts(lead, "import-patients", "0", "1", "1")
    counts(lead, "import-reports", "1", "0", "1")
    with lead.page.expect_download() as download:
        lead.find("import-download").click()
    lines = download.value.path().read_text(encoding="utf-8").splitlines()
    assert lines[0] == "\ufefffile,line,field,reason"
    assert [line.split(",")[:3] for line in lines[1:]] == [
        ["patients", "3", "last_name"],
        ["patients", "3", "first_name"],
        ["reports", "3", "pulse"],
    ]
    assert lead.problems == []
    assert board.problems == []


def test_a_file_that_is_none_is_refused_as_a_whole_and_a_nurse_imports_nothing(
    browser: Browser, ward: Stack, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("surname\nSmith\n", encoding="utf-8")
    lead = Clinician(browser, url=ward.url, username="lead")
    lead.open(ward)
    lead.page.goto(f"{ward.url}/patients/import")
    expect(lead.find("import-send")).to_be_disabled()
    lead.find("import-file-patients").set_input_files(wrong)
    lead.find("import-send").click()
    expect(lead.page.get_by_text("No such column: surname.")).to_be_visible()
    expect(lead.find("import-outcome")).to_have_count(0)

    nurse = Clinician(browser, url=ward.url, username="nurse")
    nurse.open(ward)
    nurse.page.goto(f"{ward.url}/patients")
    expect(nurse.find("patients-count")).to_be_visible()
    expect(nurse.find("import")).to_have_count(0)
    nurse.page.goto(f"{ward.url}/patients/import")
    expect(nurse.page.get_by_text("Your role may not do this")).to_be_visible()
    expect(nurse.find("import-form")).to_have_count(0)
