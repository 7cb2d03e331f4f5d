"""What docker-compose.yml grants each service, which no container engine is at hand to hold it to."""

import re

import pytest
import yaml

from tests.support.processes import PROJECT

COMPOSED = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SERVICES = COMPOSED["services"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_can_do_no_more_than_it_needs(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service.get("cap_add", []) == (["NET_BIND_SERVICE"] if name == "proxy" else [])
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["logging"]["options"]["max-size"]
    assert ("ports" in service) == (name == "proxy")


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_runs_as_root(name):
    if "build" in SERVICES[name]:
        *_, last = [
            line for line in (PROJECT / "Dockerfile").read_text().splitlines() if line.startswith("USER ")
        ]
        user = last.removeprefix("USER ")
    else:
        user = SERVICES[name]["user"]
    assert user.partition(":")[0] not in {"", "0", "root"}


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_what_keeps_the_record_is_not_to_be_reached_from_outside(name):
    assert SERVICES[name]["networks"] == ["inside"]
    assert COMPOSED["networks"]["inside"]["internal"] is True
    assert "inside" not in SERVICES["proxy"]["networks"]


def test_web_processes_are_given_the_five_seconds_that_they_may_take_to_leave():
    assert int(SERVICES["web"]["stop_grace_period"].removesuffix("s")) > 5


def test_nothing_serves_before_the_database_is_migrated():
    for name in ("web", "worker"):
        assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert SERVICES["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"


@pytest.mark.parametrize("name", ["web", "worker", "migrate"])
def test_what_is_put_aside_in_memory_is_bounded(name):
    assert re.fullmatch(r"/tmp:size=\d+m", *SERVICES[name]["tmpfs"])
