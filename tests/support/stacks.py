"""The two shapes in which Wardlight runs, each on a fresh database.

- `sqlite`: one process, `manage.py serve`, its worker inside; no other server.
- `postgres`: PostgreSQL, Redis, two web processes and one worker beside them.
"""

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.clients import RestClient, WardSocket
from tests.support.processes import WardlightProcess, WardlightServer, Worker, manage
from tests.support.servers import fresh_database, postgres_server, redis_server

STACKS = ("sqlite", "postgres")

PASSWORD = "only for tests"
ROLES = ("viewer", "nurse", "doctor", "lead", "service")
"""One user of each role, named like it, and the superuser `admin`, all with `PASSWORD`."""

KEY = "key-of-the-test-{role}"
"""Of a sign-in that each of these users has from the start: a password costs the server half a second."""

MAKE_USERS = f"""
from datetime import timedelta
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.utils import timezone
from patients.models import SignIn
from patients.services.sign_ins import hash_key
password = make_password({PASSWORD!r})
for role in {ROLES!r}:
    user = User.objects.create(username=role, first_name=role.title(), last_name="Test", password=password)
    user.groups.add(Group.objects.get(name=role))
    token_hash, expires_at = hash_key({KEY!r}.format(role=role)), timezone.now() + timedelta(days=7)
    SignIn.objects.create(user=user, token_hash=token_hash, expires_at=expires_at)
User.objects.create(username="admin", password=password, is_staff=True, is_superuser=True)
"""


@dataclass
class Stack:
    """Running Wardlight.

    Attributes:
        name: `sqlite` or `postgres`.
        configuration: what its processes have in their environment.
        folder: where its logs (and an SQLite database) lie.
        servers: the web processes; one, or two.
        workers: the workers beside them; none where the web process works itself.
    """

    name: str
    configuration: Mapping[str, str]
    folder: Path
    servers: list[WardlightServer] = field(default_factory=list)
    workers: list[Worker] = field(default_factory=list)

    @property
    def processes(self) -> list[WardlightProcess]:
        return [*self.servers, *self.workers]

    @property
    def url(self) -> str:
        return self.servers[0].url

    @property
    def working_process(self) -> WardlightProcess:
        """The process that sends the reminders."""
        return self.workers[0] if self.workers else self.servers[0]

    def start(self) -> None:
        """Start every process, all at once, and return when all are ready."""
        for process in self.processes:
            process.launch()
        for process in self.processes:
            process.wait_until_up()
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        for server in self.servers:
            server.wait_until_ready()

    def kill9(self) -> None:
        """End every process as a power cut would."""
        for process in self.processes:
            process.kill9()

    def stop(self) -> None:
        for process in self.processes:
            process.stop()

    def manage(self, *arguments: str) -> str:
        """Run a management command beside the running processes; returns what it printed."""
        return manage(*arguments, configuration=self.configuration)

    def sign_in(self, username: str = "nurse", *, server: int = 0) -> RestClient:
        """A REST client signed in on one of the web processes."""
        client = RestClient(self.servers[server].url)
        client.sign_in(username, PASSWORD)
        return client

    def signed_in(self, role: str = "nurse", *, server: int = 0) -> RestClient:
        """A REST client with the sign-in that this role's user has from the start."""
        return RestClient(self.servers[server].url, token=KEY.format(role=role))

    async def connect(self, client: RestClient, *, path: str = "/ws/", server: int = 0) -> WardSocket:
        """A WebSocket with the sign-in of `client`, on any of the web processes."""
        return await WardSocket.connect(self.servers[server].ws_url + path, token=client.token)

    def read_logs(self) -> dict[str, str]:
        return {process.name: process.read_log() for process in self.processes}


class StackBuilder:
    """Starts stacks. Migrates each kind of database once and copies it for every stack after that."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.resources = ExitStack()
        self.templates: dict[str, str] = {}
        self.postgres_url = ""
        self.redis_url = ""

    def close(self) -> None:
        self.resources.close()

    @contextmanager
    def running(self, name: str, *, folder: Path, **configuration: str) -> Iterator[Stack]:
        """A stack of this kind, ready; stopped and its database gone afterwards.

        Args:
            name: one of `STACKS`.
            folder: an empty folder for logs and files.
            configuration: environment on top, such as `RETELL_AFTER_MINUTES="1"`.
        """
        with self.prepared(name, folder=folder, **configuration) as stack:
            try:
                stack.start()
                yield stack
            finally:
                stack.stop()

    @contextmanager
    def prepared(self, name: str, *, folder: Path, **configuration: str) -> Iterator[Stack]:
        """A stack of this kind with its database, no process started yet."""
        with self.database(name, folder=folder) as database_url:
            settings = {"DATABASE_URL": database_url, **configuration}
            if name == "postgres":
                settings["REDIS_URL"] = self.redis()
            stack = Stack(name=name, configuration=settings, folder=folder)
            if name == "postgres":
                stack.servers = [
                    WardlightServer(
                        configuration=settings, folder=folder, name=f"web-{number}", has_worker=False
                    )
                    for number in (1, 2)
                ]
                stack.workers = [Worker(configuration=settings, folder=folder)]
            else:
                stack.servers = [WardlightServer(configuration=settings, folder=folder)]
            yield stack

    @contextmanager
    def database(self, name: str, *, folder: Path) -> Iterator[str]:
        """The URL of a fresh database with schema, roles and users."""
        template = self.template(name)
        if name == "postgres":
            with fresh_database(self.postgres(), template=template) as url:
                yield url
        else:
            path = folder / "wardlight.sqlite3"
            shutil.copyfile(template.removeprefix("sqlite:///"), path)
            yield f"sqlite:///{path}"

    def template(self, name: str) -> str:
        """The URL of the migrated database of this kind, made at its first use."""
        if name not in self.templates:
            if name == "postgres":
                url = self.resources.enter_context(fresh_database(self.postgres()))
                migrate(url)
            else:
                path = self.folder / "template.sqlite3"
                url = f"sqlite:///{path}"
                migrate(url)
                with sqlite3.connect(path) as database:
                    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                database.close()
            self.templates[name] = url
        return self.templates[name]

    def postgres(self) -> str:
        if not self.postgres_url:
            self.postgres_url = self.resources.enter_context(postgres_server())
        return self.postgres_url

    def redis(self) -> str:
        if not self.redis_url:
            self.redis_url = self.resources.enter_context(redis_server())
        return self.redis_url


def migrate(database_url: str) -> None:
    configuration = {"DATABASE_URL": database_url}
    manage("migrate", "--verbosity", "0", configuration=configuration)
    manage("shell", "--verbosity", "0", "--command", MAKE_USERS, configuration=configuration)
