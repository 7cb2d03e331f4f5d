"""What of the findings is news: suppression by what notifications hold already."""

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from patients.rules.findings import Finding, Held, cause_of, level_of, split_new, worst_severity
from tests.rules.builders import at

NOW = at(10)
HOUR = timedelta(minutes=60)


def make_finding(rule="risk_band", *, parameter=None, level=2, severity="medium"):
    return Finding(rule, parameter, level, severity, f"{rule} {level}", {"total": 5})


def split(findings, *held, now=NOW):
    return split_new(findings, held=held, now=now, retell_after=HOUR)


def test_a_cause_and_level_are_read_back_from_the_stored_reason():
    for finding in (make_finding(), make_finding("single_three", parameter="pulse", level=3)):
        reason = json.loads(json.dumps(finding.as_reason()))
        assert list(reason) == ["rule", "message", "values"]
        assert cause_of(reason) == finding.cause
        assert level_of(reason) == finding.level
        assert reason["values"]["total"] == 5
    assert make_finding().cause == "risk_band"
    assert make_finding("single_three", parameter="pulse").cause == "single_three:pulse"


def test_the_worst_severity_is_the_most_urgent_one():
    findings = [make_finding(severity=severity) for severity in ("medium", "high", "low")]
    assert worst_severity(findings) == "high"
    assert worst_severity(findings[2:]) == "low"
    with pytest.raises(ValueError, match="empty"):
        worst_severity([])


def test_what_nobody_holds_is_new():
    finding = make_finding()
    assert split([finding]) == ([finding], [])
    assert split([finding], Held("total_rise", 9)) == ([finding], [])


@pytest.mark.parametrize("held_level,is_new", [(1, True), (2, False), (3, False)])
def test_a_cause_held_at_the_same_or_a_higher_level_is_not_new(held_level, is_new):
    finding = make_finding(level=2)
    expected = ([finding], []) if is_new else ([], [(finding, 0)])
    assert split([finding], Held("risk_band", held_level)) == expected


def test_the_same_rule_on_another_parameter_is_new():
    finding = make_finding("single_three", parameter="pulse", level=3)
    assert split([finding], Held("single_three:respiration", 3)) == ([finding], [])
    assert split([finding], Held("single_three:pulse", 3)) == ([], [(finding, 0)])


@pytest.mark.parametrize(
    "ago,is_new",
    [
        (timedelta(0), False),
        (HOUR - timedelta(seconds=1), False),
        (HOUR, False),
        (HOUR + timedelta(seconds=1), True),
    ],
)
def test_what_was_acknowledged_over_an_hour_ago_is_new_again(ago, is_new):
    finding = make_finding()
    held = Held("risk_band", 3, acknowledged_at=NOW - ago)
    assert split([finding], held) == (([finding], []) if is_new else ([], [(finding, 0)]))


def test_an_hour_is_an_hour_also_when_the_clocks_change():
    berlin = ZoneInfo("Europe/Berlin")
    acknowledged_at = datetime(2024, 10, 27, 2, 30, fold=0, tzinfo=berlin)
    held = Held("risk_band", 2, acknowledged_at=acknowledged_at)
    finding = make_finding()
    half_past_again = datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=berlin)
    a_minute_later = datetime(2024, 10, 27, 2, 31, fold=1, tzinfo=berlin)
    assert split([finding], held, now=half_past_again) == ([], [(finding, 0)])
    assert split([finding], held, now=a_minute_later) == ([finding], [])


def test_an_unacknowledged_notification_holds_its_cause_for_ever():
    finding = make_finding()
    assert split([finding], Held("risk_band", 2), now=NOW + timedelta(days=30)) == ([], [(finding, 0)])


def test_what_is_known_names_the_first_notification_that_holds_it():
    long_ago = NOW - timedelta(hours=3)
    band, rise = make_finding("risk_band", level=2), make_finding("total_rise", level=6)
    pulse = make_finding("single_three", parameter="pulse", level=3)
    new, known = split(
        [band, rise, pulse],
        Held("risk_band", 3, acknowledged_at=long_ago),
        Held("total_rise", 5),
        Held("risk_band", 2),
        Held("total_rise", 7),
        Held("risk_band", 3),
    )
    assert new == [pulse]
    assert known == [(band, 2), (rise, 3)]
