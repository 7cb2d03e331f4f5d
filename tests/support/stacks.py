"""The two shapes in which Wardlight runs, each on a fresh database.

- `sqlite`: one process, `manage.py serve`, its worker inside; no other server.
- `postgres`: PostgreSQL, Redis, two web processes and one worker beside them.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.clients import RestClient, WardSocket
from tests.support.databases import database
from tests.support.people import KEY, PASSWORD, new_session
from tests.support.processes import WardlightProcess, WardlightServer, Worker, manage
from tests.support.servers import redis_server

STACKS = ("sqlite", "postgres")


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

    def new_session(self, username: str) -> str:
        """The key of a browser session that is signed in as this user, on a device of its own."""
        return new_session(self.configuration["DATABASE_URL"], username=username)

    async def connect(self, client: RestClient, *, path: str = "/ws/", server: int = 0) -> WardSocket:
        """A WebSocket with the sign-in of `client`, on any of the web processes."""
        return await WardSocket.connect(self.servers[server].ws_url + path, token=client.token)

    def read_logs(self) -> dict[str, str]:
        return {process.name: process.read_log() for process in self.processes}


class StackBuilder:
    """Starts stacks, each on a database of its own.

    Args:
        postgres_url, redis_url: other servers than those that the tests share.
    """

    def __init__(self, *, postgres_url: str | None = None, redis_url: str = "") -> None:
        self.resources = ExitStack()
        self.postgres_url = postgres_url
        self.redis_url = redis_url

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
        with database(name, folder=folder, server=self.postgres_url) as database_url:
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

    def redis(self) -> str:
        if not self.redis_url:
            self.redis_url = self.resources.enter_context(redis_server())
        return self.redis_url
