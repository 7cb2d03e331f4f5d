"""Deterioration on NEWS2, and when what was told is over."""

import pytest

from patients.rules.deterioration import news2_findings, remaining_news2_causes
from tests.rules.builders import at, make_complete, make_report, make_total


def causes(newest, *, before=None):
    return {finding.cause: finding for finding in news2_findings(newest, previous_complete=before)}


@pytest.mark.parametrize(
    "before,after,expected",
    [
        (0, 4, set()),  # risen by 4, to less than 5, still low
        (4, 5, {"risk_band"}),  # risen by 1
        (3, 5, {"risk_band", "total_rise"}),
        (5, 6, set()),
        (6, 7, {"risk_band"}),
        (5, 7, {"risk_band", "total_rise"}),
        (7, 8, set()),
        (7, 9, {"total_rise"}),  # high before and after
        (7, 7, set()),
        (10, 5, set()),
    ],
)
def test_a_higher_band_and_a_rise_by_2_to_5_or_more_are_found(before, after, expected):
    assert set(causes(make_total(after), before=make_total(before))) == expected


@pytest.mark.parametrize(
    "total,severity,level", [(5, "medium", 2), (6, "medium", 2), (7, "high", 3), (10, "high", 3)]
)
def test_before_the_first_set_the_band_is_low_and_there_is_no_total_to_rise_from(total, severity, level):
    found = causes(make_total(total))
    assert set(found) == {"risk_band"}
    assert (found["risk_band"].severity, found["risk_band"].level) == (severity, level)


def test_a_first_set_of_low_risk_is_nothing_to_tell():
    assert causes(make_total(4)) == {}


def test_a_parameter_that_becomes_a_3_is_found_with_low_severity_where_the_total_is_low():
    found = causes(make_complete(consciousness="C"), before=make_total(1))
    assert set(found) == {"risk_band", "single_three:consciousness"}
    assert {finding.severity for finding in found.values()} == {"low"}
    assert found["single_three:consciousness"].message == "Consciousness C scores 3 points."
    assert found["single_three:consciousness"].values["value"] == "C"


def test_a_3_that_was_one_before_is_not_found_again_but_another_one_is():
    before = make_complete(pulse=140)
    found = causes(make_complete(pulse=150, respiration=7), before=before)
    assert set(found) == {"risk_band", "total_rise", "single_three:respiration"}
    assert {finding.severity for finding in found.values()} == {"medium"}


def test_every_finding_of_a_high_set_is_high():
    found = causes(make_total(7), before=make_total(2))
    assert {finding.severity for finding in found.values()} == {"high"}


def test_an_incomplete_set_counts_by_its_lower_bound():
    incomplete = make_report({"pulse": 140, "respiration": 22})
    found = causes(incomplete, before=make_total(1))
    assert set(found) == {"risk_band", "total_rise", "single_three:pulse"}
    assert found["risk_band"].message == "Risk rose from low to at least medium: NEWS2 is at least 5."
    assert found["total_rise"].message == "NEWS2 rose from 1 to at least 5."
    assert found["total_rise"].values == {"total_before": 1, "total": 5, "complete": False}
    assert causes(make_report({"pulse": 100}), before=make_total(0)) == {}


def test_an_incomplete_set_below_the_complete_one_before_finds_nothing():
    assert causes(make_report({"pulse": 120}), before=make_total(9)) == {}


def test_what_is_no_set_or_not_scored_finds_nothing():
    assert causes(make_report({"hematocrit": 50.0}), before=make_total(0)) == {}
    assert causes(make_complete(pulse=140, not_scored_because="pregnant"), before=make_total(0)) == {}


def test_a_set_before_that_was_not_scored_counts_as_none():
    before = make_complete(pulse=140, not_scored_because="pathway_none")
    assert set(causes(make_complete(pulse=140), before=before)) == {"risk_band", "single_three:pulse"}


def test_the_sentences_tell_band_total_and_measurement():
    found = causes(make_complete(o2sat=90.0, respiration=22, when=at(4)), before=make_total(1))
    assert found["risk_band"].message == "Risk rose from low to medium: NEWS2 is 5."
    assert found["total_rise"].message == "NEWS2 rose from 1 to 5."
    assert found["single_three:o2sat"].message == "Oxygen saturation 90 % (SpO2 scale 1) scores 3 points."
    temperature = causes(make_complete(temperature=34.5))["single_three:temperature"]
    assert temperature.message == "Temperature 34.5 °C scores 3 points."


# When it is over

TOLD = [("risk_band", 3), ("total_rise", 8), ("single_three:pulse", 3)]


def remaining(report, *, held=TOLD):
    return remaining_news2_causes(held, report=report)


def test_a_patient_who_stays_as_ill_keeps_the_notification_though_nothing_rose():
    stays_high = make_complete(pulse=140, respiration=22, temperature=39.5)
    assert stays_high.score.score == 7
    assert remaining(stays_high) == {"risk_band", "total_rise", "single_three:pulse"}


@pytest.mark.parametrize("total,still_shown", [(7, True), (6, False), (0, False)])
def test_a_band_told_as_high_is_over_below_high(total, still_shown):
    assert remaining(make_total(total), held=[("risk_band", 3)]) == ({"risk_band"} if still_shown else set())


@pytest.mark.parametrize("total,still_shown", [(9, True), (5, True), (4, False), (2, False)])
def test_a_band_told_as_medium_is_over_below_medium(total, still_shown):
    assert remaining(make_total(total), held=[("risk_band", 2)]) == ({"risk_band"} if still_shown else set())


@pytest.mark.parametrize("total,still_shown", [(10, True), (5, True), (4, False)])
def test_a_rise_is_over_below_a_total_of_5_whatever_was_reached(total, still_shown):
    shown = remaining(make_total(total), held=[("total_rise", 9)])
    assert shown == ({"total_rise"} if still_shown else set())


def test_a_3_is_over_when_that_parameter_is_none_any_more():
    held = [("single_three:pulse", 3), ("single_three:consciousness", 3)]
    assert remaining(make_complete(pulse=130, consciousness="V"), held=held) == {"single_three:consciousness"}
    assert remaining(make_complete(pulse=39), held=held) == {"single_three:pulse"}
    assert remaining(make_complete(), held=held) == set()


def test_an_incomplete_or_unscored_report_ends_nothing():
    everything = {cause for cause, _ in TOLD}
    assert remaining(make_report({"pulse": 70, "respiration": 16})) == everything
    assert remaining(make_complete(not_scored_because="pregnant")) == everything
    assert remaining(make_report({"fi_oral": 100})) == everything


def test_a_cause_of_another_rule_is_left_to_that_rule():
    assert remaining(make_complete(), held=[("shock_signs", 3)]) == {"shock_signs"}


def test_what_was_just_found_is_still_shown_by_the_set_that_shows_it():
    for total in range(5, 11):
        found = news2_findings(make_total(total), previous_complete=make_total(3))
        held = [(finding.cause, finding.level) for finding in found]
        assert remaining(make_total(total), held=held) == {cause for cause, _ in held}
