"""The ward of deploy/rehearse: nurses who record and browsers that watch, through a proxy whose servers come and go."""

import asyncio
import json
import ssl
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import requests
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.support.people import KEY

NURSES: Final = 3
SCREENS: Final = 12
REMINDERS: Final = 10
# A quarter of it later a set is overdue, and nobody is told any more that it is due: longer than any restart.
INTERVAL: Final = timedelta(minutes=40)
NORMAL_SET: Final = {
    "respiration": 16,
    "o2sat": 98,
    "supplemental_oxygen": False,
    "bp_sys": 120,
    "bp_dia": 80,
    "pulse": 70,
    "consciousness": "A",
    "temperature": 36.8,
}
SECONDS_TO_END: Final = 60
_AWAY: Final = (
    502,
    503,
    504,
)  # what a proxy, or a server about to leave, answers: try again with the same key


@dataclass
class Screen:
    """One browser: it keeps what it was told, comes back when its line breaks, and resumes from where it was."""

    url: str
    trust: ssl.SSLContext
    last: int = 0
    epoch: str = ""
    times_back: int = -1
    reports: Counter[int] = field(default_factory=Counter)
    reminders: Counter[int] = field(default_factory=Counter)  # by patient
    seen: set[int] = field(default_factory=set)

    def has(self, *, reports: list[int], reminded: list[int]) -> bool:
        return self.reports.keys() >= set(reports) and self.reminders.keys() >= set(reminded)

    async def watch(self) -> None:
        while True:
            try:
                await self._watch_one_line()
            except (OSError, ConnectionClosed, InvalidHandshake, TimeoutError):
                await asyncio.sleep(0.2)

    async def _watch_one_line(self) -> None:
        headers = {"Authorization": f"Token {KEY.format(role='viewer')}"}
        async with connect(
            self.url, ssl=self.trust, additional_headers=headers, proxy=None, max_size=None
        ) as line:
            self.times_back += 1
            async for text in line:
                frame = json.loads(text)
                payload = frame["payload"]
                if payload.get("type") == "hello":
                    assert self.epoch in ("", payload["epoch"])
                    if self.epoch:
                        resume = {"action": "resume", "since": self.last, "epoch": self.epoch}
                        await line.send(json.dumps({"stream": "events", "payload": resume}))
                    else:
                        self.last, self.epoch = payload["event"], payload["epoch"]
                elif payload.get("action") == "resume":
                    assert payload["response_status"] == 200, payload
                    self.last = max(self.last, payload["data"]["last"])
                elif payload.get("type") in ("change", "notification"):
                    self._take(frame["stream"], payload)

    def _take(self, stream: str, payload: dict[str, Any]) -> None:
        # A live frame may come before the replay of what is older: the cursor waits for the replay's reply.
        if payload["event"] in self.seen:
            return
        self.seen.add(payload["event"])
        data = payload["data"]
        if stream == "reports" and payload["type"] == "change" and payload["action"] == "create":
            self.reports[data["id"]] += 1
        if payload["type"] == "notification" and data["kind"] == "observation_due":
            self.reminders[data["patient"]] += 1
        while self.last + 1 in self.seen:
            self.last += 1


class Ward:
    """REST through the proxy, as another system would write it: it tries again with the key of the first try."""

    def __init__(self, url: str, *, authority: Path) -> None:
        self.url = url
        self.authority = str(authority)
        self.tries_again = 0

    async def post(self, path: str, body: dict[str, Any], *, role: str) -> dict[str, Any]:
        headers = {
            "Authorization": f"Token {KEY.format(role=role)}",
            "Idempotency-Key": uuid.uuid4().hex,
        }
        while True:
            try:
                answer = await asyncio.to_thread(
                    requests.post,
                    self.url + path,
                    json=body,
                    headers=headers,
                    verify=self.authority,
                    timeout=30,
                )
            except (requests.ConnectionError, requests.Timeout):
                answer = None
            if answer is not None and answer.status_code not in _AWAY:
                assert answer.status_code == 201, f"{answer.status_code} {answer.text}"
                created: dict[str, Any] = answer.json()
                return created
            self.tries_again += 1
            await asyncio.sleep(0.2)

    async def make_due(self, *, seconds: float) -> int:
        """The id of a new patient whose next set is due in so many seconds."""
        now = datetime.now(tz=UTC)
        names = {"first_name": "Due", "last_name": "Rehearsal"}
        admitted = (now - timedelta(hours=1)).isoformat()
        patient = await self.post("/api/patients/", {**names, "admission_date": admitted}, role="lead")
        taken = (now - INTERVAL + timedelta(seconds=seconds)).isoformat()
        interval = INTERVAL // timedelta(minutes=1)
        body = {"patient": patient["id"], "datetime": taken, **NORMAL_SET, "monitoring_interval": interval}
        await self.post("/api/reports/", body, role="nurse")
        patient_id: int = patient["id"]
        return patient_id

    async def record_until(self, done: asyncio.Event, *, kept: list[int]) -> None:
        patient = await self.post(
            "/api/patients/", {"first_name": "Ada", "last_name": "Rehearsal"}, role="lead"
        )
        while not done.is_set():
            body = {"patient": patient["id"], "pulse": 70 + len(kept) % 20, "respiration": 16}
            kept.append((await self.post("/api/reports/", body, role="nurse"))["id"])
            await asyncio.sleep(0.1)


async def watch_and_record(url: str, *, authority: Path, meanwhile: Callable[[], Awaitable[None]]) -> str:
    """Record and watch while `meanwhile` runs; what was seen, in a sentence. AssertionError where anything is lost."""
    trust = ssl.create_default_context(cafile=str(authority))
    screens = [Screen(url.replace("https:", "wss:") + "/ws/", trust) for _ in range(SCREENS)]
    watching = [asyncio.create_task(screen.watch()) for screen in screens]
    while not all(screen.epoch for screen in screens):
        await asyncio.sleep(0.05)
    ward, kept, done = Ward(url, authority=authority), list[int](), asyncio.Event()
    due = [await ward.make_due(seconds=2.0 * number) for number in range(1, REMINDERS + 1)]
    recording = [asyncio.create_task(ward.record_until(done, kept=kept)) for _ in range(NURSES)]
    try:
        await meanwhile()
    finally:
        done.set()
        await asyncio.gather(*recording)
    async with asyncio.timeout(SECONDS_TO_END):
        while any(not screen.has(reports=kept, reminded=due) for screen in screens):
            await asyncio.sleep(0.1)
    for task in watching:
        task.cancel()
    assert len(kept) == len(set(kept)), "one key made two reports"
    for screen in screens:
        assert set(screen.reports) >= set(kept), "a screen lacks a report"
        assert set(screen.reports.values()) == {1}, "a screen was told of a report twice"
        assert set(screen.reminders.values()) == {1}, "a reminder came twice"
    back = sum(screen.times_back for screen in screens)
    return (
        f"{len(kept)} reports and {len(due)} reminders, each on {len(screens)} screens once; {back} lines came back "
        f"and resumed; {ward.tries_again} requests were tried again"
    )
