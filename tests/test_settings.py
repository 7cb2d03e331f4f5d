"""The configuration as people write it: with spaces, with lines left empty, with a secret forgotten."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.processes import CONFIGURATION, PROJECT, environment_of

READ = """
import json, os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
from django.conf import settings
names = ("ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "TIME_ZONE", "LANGUAGE_CODE", "REDIS_URL", "CHANNEL_LAYERS")
found = {name: getattr(settings, name) for name in names}
print(json.dumps({**found, "engine": settings.DATABASES["default"]["ENGINE"]}))
"""


def run(*arguments: str, configuration: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env=environment_of(configuration),
        capture_output=True,
        text=True,
        check=False,
    )


def settings_of(**configuration: str) -> Any:
    done = run("-c", READ, configuration=configuration)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_lists_may_have_spaces_beside_their_commas():
    found = settings_of(
        ALLOWED_HOSTS="ward.example, 10.0.0.5 ,",
        CSRF_TRUSTED_ORIGINS=" https://ward.example , https://b.example:8443",
    )
    assert found["ALLOWED_HOSTS"] == ["ward.example", "10.0.0.5"]
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://ward.example", "https://b.example:8443"]


def test_what_is_left_empty_is_as_if_it_were_not_there():
    names = (
        "ALLOWED_HOSTS",
        "CSRF_TRUSTED_ORIGINS",
        "DATABASE_URL",
        "REDIS_URL",
        "TIME_ZONE",
        "LANGUAGE_CODE",
    )
    assert settings_of(**dict.fromkeys(names, "")) == {
        "ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]"],
        "CSRF_TRUSTED_ORIGINS": [],
        "TIME_ZONE": "UTC",
        "LANGUAGE_CODE": "en-gb",
        "REDIS_URL": "",
        "CHANNEL_LAYERS": {},
        "engine": "django.db.backends.sqlite3",
    }


def test_an_address_that_names_no_database_is_told():
    done = run("-c", READ, configuration={"DATABASE_URL": "wardlight"})
    assert done.returncode != 0
    assert "DATABASE_URL is no address of a database" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [("-c", "import config.asgi"), ("-c", READ), ("manage.py", "serve"), ("manage.py", "migrate")],
    ids=["asgi", "settings", "serve", "migrate"],
)
def test_without_a_secret_key_nothing_starts(arguments):
    done = run(*arguments, configuration={"SECRET_KEY": ""})
    assert done.returncode != 0
    assert "SECRET_KEY is missing" in done.stderr


def test_what_makes_the_files_at_install_time_needs_no_secret_key():
    done = run("manage.py", "collectstatic", "--dry-run", "--noinput", configuration={"SECRET_KEY": ""})
    assert done.returncode == 0, done.stderr


def test_every_setting_is_explained_in_the_example_and_kept_from_the_tests():
    source = (PROJECT / "config" / "settings.py").read_text()
    names = set(re.findall(r'\b(?:env\.\w+|texts?)\(\s*"([A-Z_]+)"', source))
    assert {"SECRET_KEY", "DATABASE_URL", "REDIS_URL", "LOG_FORMAT"} <= names
    example = (PROJECT / ".env.example").read_text()
    assert sorted(name for name in names if not re.search(rf"^#?{name}=", example, re.MULTILINE)) == []
    assert sorted(names - CONFIGURATION.keys()) == []


REDIRECTED = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
import django
django.setup()
from django.test import Client
for path in ("/", "/health/live", "/metrics"):
    print(Client().get(path, headers={"Host": "localhost"}).status_code)
"""


def test_with_https_this_machine_still_asks_for_health_and_figures_without():
    """A monitoring system beside the process speaks no TLS with it: the proxy does."""
    done = run("-c", REDIRECTED, configuration={"HTTPS": "1", "DATABASE_URL": "sqlite://:memory:"})
    assert done.stdout.split() == ["301", "200", "200"], done.stderr
