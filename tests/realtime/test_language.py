"""Where the ward's language is another: pages are in it, and the API goes on in English at both doors."""

import pytest

from tests.realtime.ward import aside
from tests.support.stacks import StackBuilder

NAMELESS = ["A first name or a last name is needed; one of the two is enough."]
REQUIRED = {"first_name": NAMELESS, "last_name": NAMELESS}


async def test_the_api_says_what_is_wrong_in_english_whatever_the_ward_speaks(
    stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The application knows the server's sentences, and says them in the language of its device."""
    folder = tmp_path_factory.mktemp("language")
    with stack_builder.running("sqlite", folder=folder, LANGUAGE_CODE="de") as stack:
        lead = stack.signed_in("lead")
        assert (await aside(lead.post, "/api/patients/", {})).json() == REQUIRED
        signing_in = (await aside(lead.post, "/rest-auth/login/", {"username": "lead"})).json()
        assert signing_in == {"password": ["This field is required."]}
        async with await stack.connect(lead) as socket:
            await socket.hello()
            reply = await socket.request("patients", "create", data={})
            assert reply["errors"] == [REQUIRED]
        assert '<html lang="de"' in (await aside(lead.get, "/")).text
        assert "Benutzername" in (await aside(lead.get, "/admin/login/")).text
