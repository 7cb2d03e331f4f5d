"""How smooth the ward board stays with 300 patients and 20 changes a second: `python -m tests.benchmarks.board`.

A real server and a real list; the changes are put into the browser's own WebSocket, so that the load is the same
on every machine and what is measured is the page: frames drawn, the longest one, and blocks of the main thread.
"""

import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import WebSocketRoute, expect

from tests.browser.ward import PATIENCE, Clinician
from tests.observations import WELL
from tests.support.chromium import running_chromium
from tests.support.stacks import Stack, StackBuilder

PATIENTS = 300
CHANGES_PER_SECOND = 20
SECONDS = 20
RISKS = (("low", 1), ("low-medium", 3), ("medium", 5), ("high", 8))

WATCH = """() => {
    const seen = {frames: [], blocks: []};
    window.wardlightSeen = seen;
    let last = performance.now();
    const next = now => { seen.frames.push(now - last); last = now; requestAnimationFrame(next); };
    requestAnimationFrame(next);
    new PerformanceObserver(list => list.getEntries().forEach(one => seen.blocks.push(one.duration)))
        .observe({type: 'longtask'});
}"""


def main() -> int:
    with TemporaryDirectory() as folder:
        builder = StackBuilder()
        try:
            (Path(folder) / "stack").mkdir()
            with builder.running("sqlite", folder=Path(folder) / "stack") as stack:
                patients = fill(stack)
                print(f"{PATIENTS} patients, {CHANGES_PER_SECOND} changes a second for {SECONDS} s")
                for name, path in (("list", "/"), ("wall", "/?mode=board")):
                    report(name, measure(stack, patients, path=path))
        finally:
            builder.close()
    return 0


def fill(stack: Stack) -> list[dict[str, Any]]:
    lead = stack.signed_in("lead")
    ids = [
        lead.admit(last_name=f"Patient{n:03}", ward="7A", bed=str(n), date_of_birth="1950-05-05")["id"]
        for n in range(PATIENTS)
    ]
    for patient in ids:
        lead.record(patient, **WELL)
    patients: list[dict[str, Any]] = lead.read("/api/patients/", limit=1000, status="active")["results"]
    return patients


def measure(stack: Stack, patients: list[dict[str, Any]], *, path: str) -> dict[str, list[float]]:
    """Lengths of frames and of blocks of the main thread, ms, while the changes arrive."""
    sockets: list[WebSocketRoute] = []

    def route(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    with running_chromium() as browser:
        nurse = Clinician(browser, url=stack.url, username="nurse", width=1920)
        nurse.page.route_web_socket("**/ws/", route)
        nurse.sign_in()
        nurse.page.goto(stack.url + path)
        expect(nurse.find("connection-state")).to_have_text("Live", timeout=PATIENCE)
        nurse.page.wait_for_timeout(2000)
        nurse.page.evaluate(WATCH)
        began = time.monotonic()
        for number in range(CHANGES_PER_SECOND * SECONDS):
            sockets[-1].send(json.dumps(change(patients[(number * 7) % PATIENTS], number=number)))
            left = began + (number + 1) / CHANGES_PER_SECOND - time.monotonic()
            nurse.page.wait_for_timeout(max(0, left * 1000))
        seen: dict[str, list[float]] = nurse.page.evaluate("window.wardlightSeen")
        seen["took"] = [time.monotonic() - began]
    return seen


def change(patient: dict[str, Any], *, number: int) -> dict[str, Any]:
    """The frame of a change that moves the patient in the order of the board."""
    risk, score = RISKS[number % len(RISKS)]
    scored = {**patient["last_scored"], "risk": risk, "score": score}
    data = {**patient, "current_risk": risk, "last_scored": scored, "version": number + 2}
    payload = {"type": "change", "action": "update", "data": data, "event": 1_000_000 + number}
    return {"stream": "patients", "payload": payload}


def report(name: str, seen: dict[str, list[float]]) -> None:
    frames = sorted(seen["frames"])
    per_second = len(frames) / seen["took"][0]
    p99 = frames[int(len(frames) * 0.99)]
    blocked = sum(seen["blocks"]) / (seen["took"][0] * 1000)
    print(
        f"{name}: {per_second:.0f} frames a second, 99 of 100 within {p99:.0f} ms, longest {frames[-1]:.0f} ms; "
        f"main thread blocked over 50 ms {len(seen['blocks'])} times, {blocked:.1%} of the time"
    )


if __name__ == "__main__":
    sys.exit(main())
