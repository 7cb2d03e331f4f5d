"""contract.md, "Resources": addresses, lists, filters, ordering, X-Event."""

from typing import Any

import pytest

from tests.contract.outside import Outside, ago
from tests.observations import ILL

SUBJECTS = ("patients", "reports", "history", "notifications")


@pytest.mark.parametrize(
    "path",
    ["/api/patients/", "/api/reports/", "/api/history/", "/api/notifications/", "/api/notifications/statistics/",
     "/api/ranges/", "/swagger.json", "/api/patients/{patient}/", "/api/patients/{patient}/history/",
     "/api/patients/{patient}/fluids/", "/api/patients/{patient}/pauses/", "/api/reports/{report}/",
     "/api/history/{version}/", "/api/history/{version}/amendments/"],
)  # fmt: skip
def test_every_address_answers_a_viewer(outside: Outside, patient: int, path: str) -> None:
    """Each named address; browsable API on all"""
    report = outside.record(patient)["id"]
    version = outside.versions(report)[0]["history_id"]
    address = path.format(patient=patient, report=report, version=version)
    answer = outside.client("viewer").get(address)
    assert answer.status_code == 200
    if path.startswith("/api/"):
        page = outside.client("viewer").send("GET", address, headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


def test_swagger_is_interactive_and_json(outside: Outside) -> None:
    """`/swagger` (interactive), `/swagger.json`"""
    page = outside.client("viewer").send("GET", "/swagger", headers={"Accept": "text/html"})
    assert "swagger-ui" in page.text
    described = outside.client("viewer").read("/swagger.json")
    paths = {path.partition("{")[0] for path in described["paths"]}
    assert {"/api/patients/", "/api/reports/preview/", "/api/history/", "/api/notifications/"} <= paths


# ---------------------------------------------------------------- lists
@pytest.mark.smoke
def test_a_list_is_paged_forth_and_back(outside: Outside) -> None:
    """`?limit=` (100 by default, 1000 at most) → `{count, next, previous, results}`"""
    ward, viewer = outside.own_ward(), outside.client("viewer")
    ids = [outside.admit(ward=ward)["id"] for _ in range(5)]
    page = viewer.read("/api/patients/", ward=ward, limit=2)
    assert list(page) == ["count", "next", "previous", "results"]
    assert (page["count"], page["previous"]) == (5, None)
    seen = [row["id"] for row in page["results"]]
    pages = [page]
    while page["next"]:
        page = viewer.read(page["next"])
        pages.append(page)
        seen += [row["id"] for row in page["results"]]
    assert seen == ids
    assert [len(one["results"]) for one in pages] == [2, 2, 1]
    assert viewer.read(pages[2]["previous"])["results"] == pages[1]["results"]
    assert viewer.read(pages[1]["previous"])["results"] == pages[0]["results"]
    assert [
        row["id"] for row in viewer.read("/api/patients/", ward=ward, limit=2, offset=3)["results"]
    ] == ids[3:]
    assert viewer.read("/api/patients/", ward=ward, limit=5000)["results"] == [
        row for one in pages for row in one["results"]
    ]


@pytest.mark.smoke
def test_a_page_skips_and_doubles_nothing_while_others_come_and_go(outside: Outside) -> None:
    """`next` … (keyset inside)"""
    ward, lead = outside.own_ward(), outside.client()
    ids = [outside.admit(ward=ward)["id"] for _ in range(4)]
    page = lead.read("/api/patients/", ward=ward, limit=2)
    assert lead.delete(f"/api/patients/{ids[0]}/").status_code == 204
    later = outside.admit(ward=ward)["id"]
    rest = lead.read(page["next"])
    seen = [row["id"] for row in rest["results"]]
    if rest["next"]:
        seen += [row["id"] for row in lead.read(rest["next"])["results"]]
    assert seen == [*ids[2:], later]


@pytest.mark.parametrize(
    "query", [{"limit": 0}, {"limit": "x"}, {"offset": 10_001}, {"offset": -1}, {"cursor": "x"}]
)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_paging_that_cannot_be_is_refused_by_name(
    outside: Outside, subject: str, query: dict[str, Any]
) -> None:
    """`offset` works up to 10,000"""
    answer = outside.client("viewer").get(f"/api/{subject}/", **query)
    assert (answer.status_code, list(answer.json())) == (400, list(query))


def test_offset_works_up_to_10_000(outside: Outside) -> None:
    """`offset` works up to 10,000"""
    assert outside.client("viewer").read("/api/patients/", offset=10_000)["results"] == []


# ---------------------------------------------------------------- filters
def test_patients_are_filtered_by_status_ward_search_overdue_and_risk(outside: Outside) -> None:
    """Filters: patients `status=active|discharged`, `ward`, `search`, `overdue`, `risk`"""
    ward = outside.own_ward()
    ill = outside.admit(ward=ward, last_name="Quetzalcoatl", hospital_number=f"HN-{ward}")["id"]
    gone = outside.admit(ward=ward, last_name="Elsewhere")["id"]
    late = outside.admit(ward=ward, last_name="Late")["id"]
    outside.record(ill, **ILL)
    outside.record(late, datetime=ago(hours=20))
    assert outside.client().patch(f"/api/patients/{gone}/", {"dismissal_date": ago()}).status_code == 200

    def found(**query: Any) -> set[int]:
        rows = outside.client("viewer").read("/api/patients/", ward=ward, **query)["results"]
        return {row["id"] for row in rows}

    assert found() == {ill, gone, late}
    assert found(status="active") == {ill, late}
    assert found(status="discharged") == {gone}
    assert found(search="quetzal") == found(search=f"hn-{ward}") == {ill}
    assert found(overdue="true") == {late}
    assert found(overdue="false") == {ill, gone}
    assert found(risk="high") == {ill}
    assert found(risk="low") == {late}


@pytest.mark.smoke
def test_reports_and_history_are_filtered_by_patient_report_status_and_time(
    outside: Outside, patient: int
) -> None:
    """reports and history `patient`, `report`, `status`, `since`, `until` (ISO 8601, on `datetime`)"""
    old = outside.record(patient, datetime=ago(hours=9))
    new = outside.record(patient, temperature=38.5, status="febrile", datetime=ago(hours=1))

    def found(subject: str, **query: Any) -> list[int]:
        rows = outside.client("viewer").read(f"/api/{subject}/", patient=patient, **query)["results"]
        return [row["id"] for row in rows]

    for subject in ("reports", "history"):
        assert found(subject) == [new["id"], old["id"]]
        assert found(subject, status="febrile") == [new["id"]]
        assert found(subject, since=ago(hours=2)) == [new["id"]]
        assert found(subject, until=ago(hours=2)) == [old["id"]]
        assert found(subject, since=new["datetime"], until=new["datetime"]) == [new["id"]], "both ends count"
        assert found(subject, report=old["id"]) == [old["id"]]


def test_notifications_are_filtered_by_status_patient_and_kind(outside: Outside, patient: int) -> None:
    """notifications `status`, `patient`, `kind`"""
    outside.record(patient, **ILL)
    (raised,) = outside.deteriorations(patient)

    def found(**query: Any) -> list[int]:
        return [
            row["id"]
            for row in outside.client("viewer").read("/api/notifications/", patient=patient, **query)[
                "results"
            ]
        ]

    assert found(status="open") == found(kind="deterioration") == [raised["id"]]
    assert found(status="resolved") == found(kind="observation_due") == []


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("query", [{"puls": 1}, {"ordering": "puls"}])
def test_unknown_filters_and_orders_are_refused_by_name(
    outside: Outside, subject: str, query: dict[str, Any]
) -> None:
    """unknown ones are refused by name"""
    answer = outside.client("viewer").get(f"/api/{subject}/", **query)
    assert (answer.status_code, list(answer.json())) == (400, list(query))


@pytest.mark.parametrize(
    "subject,fields",
    [
        ("patients", ["id", "last_name", "ward", "bed", "admission_date", "next_due_at"]),
        ("reports", ["id", "datetime"]),
        ("history", ["history_id", "history_date", "datetime"]),
        ("notifications", ["id", "created_at", "due_at"]),
    ],
)
def test_lists_are_ordered_by_the_obvious_fields(outside: Outside, subject: str, fields: list[str]) -> None:
    """`ordering=` on the obvious fields."""
    for _ in range(2):
        outside.record(outside.admit()["id"], **ILL)
    key = "history_id" if subject == "history" else "id"
    for field in fields:
        up, down = (
            outside.client("viewer").read(f"/api/{subject}/", ordering=f"{sign}{field}", limit=1000)[
                "results"
            ]
            for sign in ("", "-")
        )
        assert {row[key] for row in up} == {row[key] for row in down}
        values = [row[field] for row in up if row[field] is not None]
        if all(isinstance(value, int) or value[:2] == "20" for value in values):
            assert values == sorted(values)


# ---------------------------------------------------------------- X-Event
@pytest.mark.parametrize("path", [*(f"/api/{subject}/" for subject in SUBJECTS), "/api/patients/{patient}/"])
def test_every_list_and_retrieve_says_which_event_it_is_true_as_of(
    outside: Outside, patient: int, path: str
) -> None:
    """header `X-Event` on REST … read before the rows"""
    address = path.format(patient=patient)
    before = int(outside.client("viewer").get(address).headers["X-Event"])
    outside.admit()
    after = int(outside.client("viewer").get(address).headers["X-Event"])
    assert 0 < before < after


def test_ranges_are_those_that_are_applied(outside: Outside, patient: int) -> None:
    """A value outside the possible range (`/api/ranges/`) is refused with the field's name and the range"""
    ranges = outside.client("viewer").read("/api/ranges/")
    assert (ranges["temperature"]["low"], ranges["temperature"]["high"]) == (13, 45)
    for field, limits in ranges.items():
        for value in (limits["low"] - 1, limits["high"] + 1):
            answer = outside.client("nurse").post("/api/reports/", {"patient": patient, field: value})
            assert (answer.status_code, list(answer.json())) == (400, [field])
            assert all(f"{limits[end]:g}" in answer.text for end in ("low", "high")), answer.text
