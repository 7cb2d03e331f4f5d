"""The lists of the admin site are filtered by what they show: no filter tells what no page shows."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from patients.models import SignIn
from tests.support.signing_in import make_member, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.home("sqlite")]

LISTS = sorted(admin.site._registry.items(), key=lambda entry: entry[0]._meta.label)


@pytest.fixture
def looker() -> Client:
    """A browser of somebody who is staff and may look at everything."""
    user = make_member("lead", "sam", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    client = Client()
    sign_in(client, "sam")
    return client


def address(model: type) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def shown_by(site) -> set[str]:
    offered = (one if isinstance(one, str) else one[0] for one in site.list_filter)
    return {*site.list_display, *offered, site.date_hierarchy}


@pytest.mark.parametrize("secret", ["session_hash", "token_hash", "auth_hash", "user__password"])
def test_a_secret_of_a_sign_in_is_told_by_no_filter(looker, secret):
    kept = SignIn.objects.get()
    for lookup in ("", "__exact", "__startswith", "__gte", "__regex", "__isnull"):
        answer = looker.get(address(SignIn), {f"{secret}{lookup}": kept.auth_hash[:1]})
        assert answer.status_code == 400, lookup


@pytest.mark.parametrize("model,site", LISTS, ids=[model._meta.label for model, _ in LISTS])
def test_a_list_is_filtered_by_what_it_shows_alone(looker, model, site):
    hidden = [field.name for field in model._meta.concrete_fields if field.name not in shown_by(site)]
    for name in hidden:
        assert looker.get(address(model), {f"{name}__isnull": "0"}).status_code == 400, name
    offered = next((one for one in site.list_filter if isinstance(one, str)), None)
    if offered is not None:
        assert looker.get(address(model), {f"{offered}__isnull": "0"}).status_code == 200


@pytest.mark.parametrize("model,site", LISTS, ids=[model._meta.label for model, _ in LISTS])
def test_a_list_is_searched_by_what_its_objects_show(model, site):
    """Nothing that is hashed or secret stands among the fields of a search."""
    for name in site.get_search_fields(None):
        assert not any(word in name for word in ("hash", "password", "session")), name
