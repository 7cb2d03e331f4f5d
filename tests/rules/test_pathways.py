"""The registry of pathways."""

from datetime import timedelta

from patients.rules.pathways import PATHWAYS
from tests.rules.builders import at, make_complete, make_patient, make_report, make_total


def find(pathway, *reports, changed=None):
    patient = make_patient(pathway=pathway)
    found = PATHWAYS[pathway].findings(patient, reports=reports, changed=changed)
    return {finding.cause for finding in found}


def test_there_are_the_three_pathways_of_the_interface():
    assert set(PATHWAYS) == {"news2", "dengue", "none"}


def test_the_newest_set_is_held_against_the_complete_one_before_it_in_any_order():
    low, incomplete = make_total(1, when=at(0), id=1), make_report({"pulse": 100}, when=at(1), id=2)
    high = make_total(7, when=at(2), id=3)
    for reports in ([low, incomplete, high], [high, incomplete, low]):
        assert find("news2", *reports) == {"risk_band", "total_rise"}
        assert find("dengue", *reports) == {"risk_band", "total_rise"}
        assert find("none", *reports) == set()


def test_a_late_report_does_not_raise_anything_by_itself():
    late_and_high = make_total(9, when=at(1), id=5)
    newest = make_total(2, when=at(4), id=4)
    assert find("news2", newest, late_and_high, changed=late_and_high) == set()


def test_fluids_and_laboratory_values_do_not_tell_the_last_set_again():
    low, high = make_total(1, when=at(0), id=1), make_total(7, when=at(2), id=2)
    laboratory = make_report({"hematocrit": 45.0}, when=at(3), id=3)
    assert find("news2", low, high, laboratory, changed=laboratory) == set()
    assert find("news2", low, high, laboratory, changed=high) == {"risk_band", "total_rise"}
    assert find("news2", low, high, laboratory) == {"risk_band", "total_rise"}


def test_without_any_set_there_is_nothing_to_find():
    assert find("news2") == set()
    assert find("news2", make_report({"wbc": 12.0})) == set()


def test_what_was_told_is_over_with_a_later_set_but_not_by_leaving_the_pathway():
    held, patient = [("risk_band", 3)], make_patient()
    for pathway in ("news2", "dengue"):
        assert PATHWAYS[pathway].remaining_causes(held, report=make_total(0), patient=patient) == set()
        assert PATHWAYS[pathway].remaining_causes(held, report=None, patient=patient) == {"risk_band"}
    assert PATHWAYS["none"].remaining_causes(held, report=make_total(0), patient=patient) == {"risk_band"}


def test_each_pathway_knows_the_causes_that_its_reports_can_end():
    causes = ("risk_band", "single_three:pulse", "shock_sign:map")
    assert [PATHWAYS["news2"].knows(cause) for cause in causes] == [True, True, False]
    assert [PATHWAYS["dengue"].knows(cause) for cause in causes] == [True, True, True]
    assert [PATHWAYS["none"].knows(cause) for cause in causes] == [False, False, False]


def test_pathway_none_asks_for_no_interval():
    report = make_complete(not_scored_because="pathway_none")
    assert PATHWAYS["none"].interval(report, patient=make_patient(pathway="none")) is None
    assert PATHWAYS["news2"].interval(report, patient=make_patient()) == timedelta(hours=4)
