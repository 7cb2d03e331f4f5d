"""People and patients of the tests of the services.

Models are imported inside: pytest reads this file before tests/conftest.py has chosen the database.
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from patients.models import Patient


@pytest.fixture
def nurse(db) -> "User":
    from tests.factories import make_user

    return make_user("nurse", username="nadia")


@pytest.fixture
def doctor(db) -> "User":
    from tests.factories import make_user

    return make_user("doctor", username="dora")


@pytest.fixture
def lead(db) -> "User":
    from tests.factories import make_user

    return make_user("lead", username="liam")


@pytest.fixture
def patient(lead) -> "Patient":
    """Admitted, and entered, at ADMISSION; no set was taken yet."""
    from tests import factories
    from tests.services.builders import ADMISSION

    return factories.make_patient(by=lead, now=ADMISSION, admission_date=ADMISSION)
