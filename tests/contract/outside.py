"""The people on a stack, as an outsider sees them, and what they send."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.observations import WELL
from tests.realtime.ward import OperatorShell, ago, aside
from tests.support.clients import RestClient, WardSocket
from tests.support.people import PASSWORD
from tests.support.stacks import Stack

__all__ = ["PASSWORD", "Outside", "ago", "ahead", "aside", "instant", "numbers", "shown_as"]

SUPERUSER = "admin"
numbers = itertools.count(1)  # of people made for one test, never twice on a stack


def ahead(**duration: float) -> str:
    """The instant so far ahead, as clients write it."""
    return (datetime.now(UTC) + timedelta(**duration)).isoformat()


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def shown_as(client: RestClient, path: str) -> dict[str, Any]:
    """The object at this address, as this person is shown it."""
    shown: dict[str, Any] = client.read(path)
    return shown


class Outside:
    """Clients of everybody, by role; `superuser`, and people made for one test."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.clients: dict[tuple[str, int], RestClient] = {}
        self.shell: OperatorShell | None = None

    def close(self) -> None:
        if self.shell is not None:
            self.shell.close()

    @property
    def stranger(self) -> RestClient:
        return RestClient(self.stack.url)

    def client(self, role: str = "lead", *, server: int = 0) -> RestClient:
        """REST as this role, with one sign-in on all web processes."""
        if (role, server) not in self.clients:
            if role != "superuser":
                client = self.stack.signed_in(role, server=server)
            elif server:
                client = RestClient(self.stack.servers[server].url, token=self.client(role).token)
            else:
                client = self.stack.sign_in(SUPERUSER)
            self.clients[role, server] = client
        return self.clients[role, server]

    async def open(self, client: RestClient, *, path: str = "/ws/", server: int = 0) -> WardSocket:
        """A socket of this sign-in; on `/ws/` it is greeted."""
        socket = await self.stack.connect(client, path=path, server=server)
        if socket.is_multiplexed:
            await socket.hello()
        return socket

    def operate(self, *lines: str) -> None:
        """What an operator does in a `manage.py shell` beside the servers."""
        if self.shell is None:
            self.shell = OperatorShell(self.stack.configuration)
        self.shell.run("\n".join(lines))

    def new_user(self, *groups: str, is_active: bool = True) -> str:
        """The name of a new user in these groups, with PASSWORD."""
        name = f"user-{next(numbers)}"
        self.operate(
            "from django.contrib.auth.models import Group, User",
            "password = User.objects.get(username='viewer').password  # to hash one takes half a second",
            f"user = User.objects.create(username={name!r}, password=password, is_active={is_active})",
            f"user.groups.set(Group.objects.filter(name__in={groups!r}))",
        )
        return name

    def own_ward(self) -> str:
        """The name of a ward that nobody else uses."""
        return f"W{next(numbers)}"

    def admit(self, **fields: Any) -> dict[str, Any]:
        """A patient who came a day ago."""
        return self.client().admit(**{"admission_date": ago(days=1), **fields})

    def record(self, patient: int, **values: Any) -> dict[str, Any]:
        """A complete set that scores 0, or these values."""
        return self.client("nurse").record(
            patient, **(values if set(values) - {"datetime"} else {**WELL, **values})
        )

    def versions(self, report: int) -> list[dict[str, Any]]:
        """The versions of a report, newest first."""
        rows: list[dict[str, Any]] = self.client("viewer").read("/api/history/", report=report)["results"]
        return rows

    def deteriorations(self, patient: int) -> list[dict[str, Any]]:
        """The deteriorations of a patient, newest first.

        Reminders are left out: after sets of some time ago one is due, and comes when the worker looks.
        """
        rows: list[dict[str, Any]] = self.client("viewer").read(
            "/api/notifications/", patient=patient, kind="deterioration"
        )["results"]
        return rows
