"""A file of megabytes is made at the pace of whoever reads it, whole or recognisably broken off."""

import socket as sockets
import time
from collections.abc import Iterator

import psutil
import pytest

from tests.support.clients import RestClient
from tests.support.stacks import Stack, StackBuilder
from tests.support.waiting import DEADLINE, wait_until

MIB = 1 << 20
SECONDS_OF_A_REQUEST = 5  # on this module's server
DATABASE_THREADS = 4  # the default of settings.DATABASE_THREADS
ROWS, TEXT = 6000, 5000
FILE = "/api/reports/?format=csv"

FILL = f"""
from datetime import timedelta
from django.utils import timezone
from patients.models import Patient, Report
patient = Patient.objects.create(first_name="A", last_name="B", admission_date=timezone.now())
moment = timezone.now()
Report.objects.bulk_create(
    [Report(patient=patient, datetime=moment + timedelta(seconds=n), news2={{}}, additional="x" * {TEXT})
     for n in range({ROWS})], batch_size=500)
"""


@pytest.fixture(scope="module")
def stack(stack_builder: StackBuilder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A server whose requests may take five seconds; what it keeps for a slow reader does not know the engine."""
    with stack_builder.prepared("sqlite", folder=tmp_path_factory.mktemp("downloads")) as stack:
        (server,) = stack.servers
        server.command = ("-m", "tests.realtime.altered_server", "impatient", *server.command[1:])
        try:
            stack.start()
            stack.manage("shell", "--verbosity", "0", "--command", FILL)
            yield stack
        finally:
            stack.stop()


class Download:
    """A file asked for by somebody who reads only when told to, over a small window."""

    def __init__(self, stack: Stack, client: RestClient) -> None:
        self.socket = sockets.socket()
        self.socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(("127.0.0.1", stack.servers[0].port))
        self.socket.sendall(
            f"GET {FILE} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Token {client.token}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        assert self.socket.recv(12) == b"HTTP/1.1 200"

    def read_to_the_end(self, *, slowly_for: float = 0) -> bytes:
        """What still comes, for so many seconds slowly. Raises ConnectionResetError where the server broke it off."""
        read = bytearray()
        hurries_at = time.monotonic() + slowly_for
        with self.socket:
            while block := self.socket.recv(MIB):
                read += block
                if time.monotonic() < hurries_at:
                    time.sleep(0.004)
        return bytes(read)


def memory_of(stack: Stack) -> float:
    return float(psutil.Process(stack.servers[0].pid).memory_info().rss) / MIB


def test_who_reads_nothing_costs_the_server_no_memory_and_keeps_no_thread(stack: Stack) -> None:
    nurse = stack.signed_in("nurse")
    assert len(nurse.get(FILE).content) > ROWS * TEXT
    before = memory_of(stack)
    downloads = [Download(stack, nurse) for _ in range(2 * DATABASE_THREADS)]
    answers = [nurse.get("/api/patients/").status_code for _ in range(3)]  # while all of them wait
    grown = memory_of(stack) - before
    for download in downloads:
        download.socket.close()
    assert answers == [200, 200, 200]
    # Eight files of 29 MiB; of each two hundred rows and what is on its way may lie ready.
    assert grown < 8 * 10, f"{grown:.0f} MiB"


def test_a_file_that_is_read_slowly_comes_whole_however_long_it_takes(stack: Stack) -> None:
    nurse = stack.signed_in("nurse")
    wanted = nurse.get(FILE).content
    download = Download(stack, nurse)
    # Longer than a request may take, never longer without reading on; most of it is still to come then.
    read = download.read_to_the_end(slowly_for=SECONDS_OF_A_REQUEST + 2)
    body = read.split(b"\r\n\r\n", 1)[1]
    assert body.endswith(b"\r\n0\r\n\r\n"), "the end of a file in chunks"
    assert dechunked(body) == wanted


def dechunked(body: bytes) -> bytes:
    whole, at = bytearray(), 0
    while True:
        end = body.index(b"\r\n", at)
        length = int(body[at:end], 16)
        if not length:
            return bytes(whole)
        whole += body[end + 2 : end + 2 + length]
        at = end + 2 + length + 2


def test_a_file_that_is_not_read_on_is_broken_off_and_does_not_look_complete(stack: Stack) -> None:
    download = Download(stack, stack.signed_in("nurse"))
    connections = psutil.Process(stack.servers[0].pid)
    port = download.socket.getsockname()[1]
    wait_until(
        lambda: not any(c.raddr and c.raddr.port == port for c in connections.net_connections("tcp4")),
        what="the server has let the reader go",
    )
    try:
        read = download.read_to_the_end()
    except ConnectionResetError:
        return
    assert not read.endswith(b"\r\n0\r\n\r\n")


def test_a_write_that_takes_too_long_is_not_said_to_have_failed(stack: Stack) -> None:
    lead = stack.signed_in("lead")
    file = ("patients.csv", "hospital_number,last_name\nL1,Late")
    answer = lead.send("POST", "/api/patients/import/", files={"patients": file})
    assert answer.status_code == 503
    assert "It is not known whether this was stored" in answer.json()["detail"]
    assert answer.headers["Retry-After"]
    wait_until(lambda: lead.read("/api/patients/", search="L1")["results"], what="it was stored all the same")
