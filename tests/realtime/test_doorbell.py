"""The bell between processes: what it brings along, and what who hears it makes of that."""

import asyncio
from typing import Any

import orjson
import pytest

from patients.events import Entry
from patients.realtime import doorbell as doorbell_module
from patients.realtime.connection import decode_text_frames
from patients.realtime.doorbell import MOST_BYTES_CARRIED, Doorbell, Ring
from patients.realtime.hub import Hub
from tests.realtime.test_outlets import KeepingOutlet
from tests.realtime.test_portions import entries, join, make_hub, numbers


class Layer:
    """A channel layer that keeps what is sent, each sending as long as the test wants."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.is_through = asyncio.Event()

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        self.sent.append(message)
        await self.is_through.wait()


@pytest.fixture
async def layer(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Layer:
    made = Layer()
    settings.REDIS_URL = "redis://nowhere"
    monkeypatch.setattr(doorbell_module, "get_channel_layer", lambda: made)
    return made


def small(number: int) -> Entry:
    frame = orjson.dumps({"stream": "patients", "payload": {"event": number}})
    return Entry(number, "patients", frame)


async def test_a_small_ring_brings_its_entries_and_a_large_one_only_the_number(layer: Layer) -> None:
    layer.is_through.set()
    doorbell = Doorbell(asyncio.get_running_loop())
    rings = [
        Ring(2, "e", (small(1), small(2))),
        Ring(40, "e", tuple(entries(3, 1 + MOST_BYTES_CARRIED // 4096))),
    ]
    for ring in rings:
        doorbell.ring(ring)
        await doorbell.finish()
    heard = [Ring.from_message(message) for message in layer.sent]
    assert heard == [rings[0], Ring(40)]


async def test_what_is_rung_while_the_bell_rings_is_one_ring_more(layer: Layer) -> None:
    doorbell = Doorbell(asyncio.get_running_loop())
    doorbell.ring(Ring(1, "e", (small(1),)))
    await asyncio.sleep(0)
    doorbell.ring(Ring(3, "e", (small(3),)))
    doorbell.ring(Ring(2, "e", (small(2),)))
    layer.is_through.set()
    await doorbell.finish()
    assert [Ring.from_message(message) for message in layer.sent] == [
        Ring(1, "e", (small(1),)),
        Ring(3, "e", (small(3), small(2))),
    ]


@pytest.mark.parametrize("later", [Ring(2), Ring(2, "f", (small(2),))], ids=["no entries", "another epoch"])
def test_rings_that_do_not_go_together_become_a_number(later: Ring) -> None:
    assert Ring(1, "e", (small(1),)).and_then(later) == Ring(2)


@pytest.fixture
async def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    made = make_hub()
    made.looks = 0  # type: ignore[attr-defined]

    def look() -> None:
        made.looks += 1  # type: ignore[attr-defined]

    monkeypatch.setattr(made, "_look", look)
    return made


async def test_what_the_bell_brings_goes_out_without_a_look_at_the_log(hub: Hub) -> None:
    outlet = KeepingOutlet()
    join(hub, outlet)
    hub._heard(Ring(2, "e", (small(2), small(1))))
    assert numbers(outlet) == [1, 2]
    assert (hub.last, hub.looks) == (2, 0)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "ring",
    [Ring(1), Ring(1, "another", (small(1),)), Ring(2, "e", (small(2),))],
    ids=["no entries", "another epoch", "one before is missing"],
)
async def test_where_the_bell_does_not_bring_all_the_log_is_read_and_nothing_goes_out(
    hub: Hub, ring: Ring
) -> None:
    outlet = KeepingOutlet()
    join(hub, outlet)
    hub._heard(ring)
    assert decode_text_frames(b"".join(outlet.written)) == []
    assert (hub.last, hub.looks) == (0, 1)  # type: ignore[attr-defined]


async def test_what_is_known_is_not_told_again(hub: Hub) -> None:
    outlet = KeepingOutlet()
    join(hub, outlet)
    hub.last = 5
    hub._heard(Ring(5, "e", (small(5),)))
    assert outlet.written == []
    assert hub.looks == 0  # type: ignore[attr-defined]
