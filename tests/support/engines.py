"""Firefox and WebKit for browser tests: Debian's own (programs.py), spoken to in the words of the W3C.

Firefox speaks WebDriver BiDi by itself, WebKit the older WebDriver by the program that comes with it. Both take the
same actions of keyboard and mouse and evaluate the same scripts; all else is made of these. No package drives both as
Debian has them: Playwright asks for what this Firefox lacks, Selenium for geckodriver, which Debian does not carry.
"""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, Self

import requests
from websockets.sync.client import connect

from tests.support.programs import FIREFOX, WEBKIT, XVFB
from tests.support.servers import free_port
from tests.support.waiting import DEADLINE, wait_until

WIDTH, HEIGHT = 1366, 900
KEYS: Final = {"Enter": "\ue006", "Tab": "\ue004"}
"""By the name of a key, how the W3C numbers it."""
HAND = 30
"""ms from key to key of a quick hand."""


class Engine(ABC):
    """A browser with one page."""

    @abstractmethod
    def go(self, url: str) -> None:
        """Open this address; return when the page has loaded."""

    @abstractmethod
    def ask(self, expression: str) -> Any:
        """What this expression of JavaScript comes to in the page, or null where that is nothing."""

    @abstractmethod
    def picture(self) -> bytes:
        """The page as a PNG."""

    @abstractmethod
    def problems(self) -> list[str]:
        """What the page wrote to the console as an error or warning, and what it threw, so far."""

    @abstractmethod
    def _perform(self, *actions: Mapping[str, Any]) -> None:
        """Perform these sequences of actions of WebDriver."""

    def press(self, keys: str) -> None:
        """Press these keys one after the other, or the one that has this name in KEYS."""
        strokes: list[dict[str, Any]] = []
        for key in [KEYS[keys]] if keys in KEYS else keys:
            strokes += [
                {"type": "keyDown", "value": key},
                {"type": "keyUp", "value": key},
                {"type": "pause", "duration": HAND},
            ]
        self._perform({"type": "key", "id": "keyboard", "actions": strokes})

    def click(self, x: int, y: int) -> None:
        """Click at these pixels of the page's window."""
        moves = [
            {"type": "pointerMove", "x": x, "y": y},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        mouse = {"pointerType": "mouse"}
        self._perform({"type": "pointer", "id": "mouse", "parameters": mouse, "actions": moves})


class Firefox(Engine):
    def __init__(self, endpoint: str, resources: ExitStack) -> None:
        self._socket = resources.enter_context(
            connect(f"{endpoint}/session", max_size=None, open_timeout=DEADLINE)
        )
        self._number = 0
        self._problems: list[str] = []
        self._call("session.new", capabilities={})
        self._call("session.subscribe", events=["log.entryAdded"])
        # The page that it opens with never has the focus: keys are heard there, and none of them presses a button.
        self._context = self._call("browsingContext.create", type="tab")["context"]
        viewport = {"width": WIDTH, "height": HEIGHT}
        self._call("browsingContext.setViewport", context=self._context, viewport=viewport)

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            frame: dict[str, Any] = json.loads(self._socket.recv(DEADLINE))
            if frame.get("method") == "log.entryAdded":
                self._note(frame["params"])
            if frame.get("id") == self._number:
                assert frame["type"] == "success", f"{method}: {frame}"
                result: dict[str, Any] = frame["result"]
                return result

    def _note(self, entry: Mapping[str, Any]) -> None:
        # What extensions and the browser's own pages write is not the page's.
        if entry["level"] in ("error", "warn") and entry["source"].get("context") == self._context:
            self._problems.append(str(entry["text"]))

    def go(self, url: str) -> None:
        self._call("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def ask(self, expression: str) -> Any:
        answer = self._call(
            "script.evaluate",
            expression=f"JSON.stringify(({expression}) ?? null)",
            target={"context": self._context},
            awaitPromise=False,
        )
        assert answer["type"] == "success", f"{expression}: {answer['exceptionDetails']['text']}"
        return json.loads(answer["result"]["value"])

    def picture(self) -> bytes:
        return base64.b64decode(
            self._call("browsingContext.captureScreenshot", context=self._context)["data"]
        )

    def problems(self) -> list[str]:
        self._call("session.status")  # what was under way has been heard with its answer
        return self._problems

    def _perform(self, *actions: Mapping[str, Any]) -> None:
        self._call("input.performActions", context=self._context, actions=actions)


KEEP_PROBLEMS = """(() => {
    window.wardlightProblems = [];
    for (const level of ['error', 'warn']) {
        const written = console[level];
        console[level] = (...words) => { window.wardlightProblems.push(words.join(' ')); written(...words); };
    }
    addEventListener('error', event => window.wardlightProblems.push(event.message));
    addEventListener('unhandledrejection', event => window.wardlightProblems.push(String(event.reason)));
})()"""
"""WebKit's driver tells nothing of the console: the page is asked itself, from the end of its loading on."""


class WebKit(Engine):
    def __init__(self, endpoint: str, resources: ExitStack) -> None:
        self._line = resources.enter_context(requests.Session())
        self._base = f"{endpoint}/session"
        opened = self._call("POST", "", capabilities={})
        self._base += f"/{opened['sessionId']}"
        resources.callback(self._call, "DELETE", "")
        self._fit()

    def _fit(self) -> None:
        """Give the page its width and height: the window has a bar above it."""
        size = {"width": WIDTH, "height": HEIGHT}
        self._call("POST", "/window/rect", x=0, y=0, **size)
        width, height = self.ask("[innerWidth, innerHeight]")
        size = {"width": 2 * WIDTH - width, "height": 2 * HEIGHT - height}
        self._call("POST", "/window/rect", x=0, y=0, **size)

    def _call(self, method: str, path: str, **parameters: Any) -> Any:
        body = parameters if method == "POST" else None
        answer = self._line.request(method, self._base + path, json=body, timeout=DEADLINE)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        return answer.json()["value"]

    def go(self, url: str) -> None:
        self._call("POST", "/url", url=url)
        self.ask(KEEP_PROBLEMS)

    def ask(self, expression: str) -> Any:
        script = f"return JSON.stringify(({expression}) ?? null)"
        return json.loads(self._call("POST", "/execute/sync", script=script, args=[]))

    def picture(self) -> bytes:
        return base64.b64decode(self._call("GET", "/screenshot"))

    def problems(self) -> list[str]:
        kept: list[str] = self.ask("window.wardlightProblems")
        return kept

    def _perform(self, *actions: Mapping[str, Any]) -> None:
        self._call("POST", "/actions", actions=actions)


# ---------------------------------------------------------------- starting them


@contextmanager
def running_firefox() -> Iterator[Firefox]:
    """A headless Firefox with a profile of its own."""
    with Programs() as programs:
        profile = programs.folder / "profile"
        profile.mkdir()
        command = (FIREFOX.require(), "--headless", "--no-remote", "--remote-debugging-port=0")
        log = programs.start(*command, "--profile", str(profile))
        endpoint = wait_for(r"WebDriver BiDi listening on (ws://\S+)\n", log=log)
        yield Firefox(endpoint, programs)


@contextmanager
def running_webkit() -> Iterator[WebKit]:
    """WebKit's MiniBrowser on a screen of its own, which nobody sees."""
    with Programs() as programs:
        screen = ("-screen", "0", f"{WIDTH + 200}x{HEIGHT + 200}x24", "-nolisten", "tcp", "-displayfd", "1")
        display = wait_for(r"(\d+)\n", log=programs.start(XVFB.require(), *screen))
        port = free_port()
        programs.start(WEBKIT.require(), f"--port={port}", DISPLAY=f":{display}")
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _answers(url), what="WebKit's driver answers")
        yield WebKit(url, programs)


ENGINES: Final = {"firefox": running_firefox, "webkit": running_webkit}


class Programs(ExitStack):
    """A browser's processes and their folder; all of it ends and goes with it."""

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="wardlight-engine-"))
        # A process that is just ending may still write into it.
        self.callback(shutil.rmtree, self.folder, ignore_errors=True)
        return super().__enter__()

    def start(self, *command: str, **environment: str) -> Path:
        """Start a program without this user's settings; the file that takes what it prints.

        It knows no language: WebKit then names "C" as its own, which is none.
        """
        path = self.folder / f"{Path(command[0]).name}.log"
        own = {"HOME": str(self.folder), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
        with path.open("ab") as log:
            process = subprocess.Popen(
                command,
                env={**os.environ, **own, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.callback(_end, process)
        return path


def _end(process: "subprocess.Popen[bytes]") -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_for(pattern: str, *, log: Path) -> str:
    """What the group of this pattern holds, as soon as it stands in the log."""
    found = wait_until(
        lambda: re.search(pattern, log.read_text(errors="replace")), what=f"{log.stem} says {pattern}"
    )
    assert found is not None
    return found[1]


def _answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/status", timeout=5).status_code == 200
    except requests.RequestException:
        return False
