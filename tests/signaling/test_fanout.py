"""What a room tells many: order, completeness and bounds, whatever is gathered into one write."""

from __future__ import annotations

import asyncio
import random
import time

from signaling.fanout import Fanout, Pace
from signaling.frames import binary_frame
from tests.signaling.frames import payloads


class Receiver:
    def __init__(self) -> None:
        self.writes: list[bytes] = []

    @property
    def got(self) -> list[bytes]:
        return [payload for write in self.writes for payload in payloads(write)]


def fanout_of(receivers: list[Receiver]) -> Fanout[Receiver]:
    return Fanout(lambda: receivers, write_to)


def write_to(receivers: list[Receiver], frames: bytes) -> None:
    for receiver in receivers:
        receiver.writes.append(frames)


async def test_what_is_told_within_a_turn_is_one_write_for_each() -> None:
    receivers = [Receiver() for _ in range(3)]
    fanout = fanout_of(receivers)
    for number in range(5):
        fanout.put(binary_frame(b"%d" % number), but=receivers[:1])
    assert not receivers[1].writes
    await asyncio.sleep(0)
    assert [len(receiver.writes) for receiver in receivers] == [0, 1, 1]
    assert receivers[2].got == [b"0", b"1", b"2", b"3", b"4"]


async def test_nothing_is_lost_doubled_or_out_of_order_whatever_is_gathered() -> None:
    seed = random.randrange(2**32)
    draw = random.Random(seed)
    receivers = [Receiver() for _ in range(6)]
    expected: dict[int, list[bytes]] = {number: [] for number in range(6)}
    fanout = fanout_of(receivers)
    for number in range(600):
        some = draw.sample(range(6), draw.randrange(4))
        payload = b"%d" % number
        chosen = [receivers[one] for one in some]
        kind = draw.randrange(3)
        if kind == 0:
            fanout.put(binary_frame(payload), only=chosen)
        elif kind == 1:
            fanout.put(binary_frame(payload), but=chosen)
        else:
            fanout.put_relaxed(binary_frame(payload), but=chosen)
        for one in range(6):
            if (one in some) == (kind == 0):
                expected[one].append(payload)
        step = draw.randrange(12)
        if step == 0:
            await asyncio.sleep(0)
        elif step == 1:
            fanout.flush()
    fanout.flush()
    for one, receiver in enumerate(receivers):
        assert receiver.got == expected[one], f"seed {seed}, receiver {one}"


async def test_much_is_not_held_until_the_end_of_the_turn() -> None:
    (receiver,) = receivers = [Receiver()]
    fanout = fanout_of(receivers)
    for _ in range(40):
        fanout.put(binary_frame(bytes(60_000)))
    assert receiver.writes
    assert max(len(write) for write in receiver.writes) < 400_000
    fanout.flush()
    assert len(receiver.got) == 40


async def test_presence_goes_with_the_next_write_and_by_itself_without_one() -> None:
    (receiver,) = receivers = [Receiver()]
    written = asyncio.Event()

    def write(to: list[Receiver], frames: bytes) -> None:
        write_to(to, frames)
        written.set()

    fanout: Fanout[Receiver] = Fanout(lambda: receivers, write)
    fanout.put(binary_frame(b"update 1"))
    fanout.flush()
    fanout.put_relaxed(binary_frame(b"cursor 1"))
    fanout.put(binary_frame(b"update 2"))
    fanout.flush()
    assert receiver.got == [b"update 1", b"cursor 1", b"update 2"]
    written.clear()
    fanout.put_relaxed(binary_frame(b"cursor 2"))
    async with asyncio.timeout(10):
        await written.wait()
    assert receiver.got[-1] == b"cursor 2"


async def test_after_work_the_next_writing_waits_and_carries_what_came_meanwhile() -> None:
    pace = Pace()
    receivers = [Receiver(), Receiver()]
    written = asyncio.Event()

    def write(to: list[Receiver], frames: bytes) -> None:
        write_to(to, frames)
        written.set()

    rooms: list[Fanout[Receiver]] = [
        Fanout(lambda: receivers[:1], write, pace),
        Fanout(lambda: receivers[1:], write, pace),
    ]
    rooms[0].put(binary_frame(b"1"))
    until_s = time.thread_time() + 0.01
    while time.thread_time() < until_s:
        pass
    await asyncio.sleep(0)
    assert receivers[0].got == [b"1"], "who has had time writes at once"
    written.clear()
    rooms[0].put(binary_frame(b"2"))
    rooms[1].put(binary_frame(b"3"))
    await asyncio.sleep(0)
    assert not written.is_set()
    rooms[0].put(binary_frame(b"4"))
    async with asyncio.timeout(10):
        await written.wait()
    assert [len(receiver.writes) for receiver in receivers] == [2, 1]
    assert receivers[0].got == [b"1", b"2", b"4"]
    assert receivers[1].got == [b"3"]


async def test_a_fault_in_one_room_does_not_silence_the_others() -> None:
    pace = Pace()
    (receiver,) = receivers = [Receiver()]

    def fail(to: list[Receiver], frames: bytes) -> None:
        raise ValueError("a fault")

    rooms: list[Fanout[Receiver]] = [
        Fanout(lambda: receivers, write_to, pace),
        Fanout(lambda: receivers, fail, pace),
    ]
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context["exception"]))
    for room in rooms:
        room.put(binary_frame(b"told"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert [str(fault) for fault in faults] == ["a fault"]
    assert receiver.got == [b"told"]


async def test_what_comes_after_a_writing_is_called_after_it() -> None:
    order: list[str] = []
    fanout: Fanout[str] = Fanout(
        lambda: ["one"], lambda to, frames: order.append("written"), written=lambda: order.append("after")
    )
    fanout.put(b"x")
    fanout.flush()
    assert order == ["written", "after"]
