"""The network lab does what it says: loss, delay, rate, blackout, blocked UDP and a new address, over UDP and TCP."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from loadtests.netlab.lab import PROFILES, Lab, missing

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))

ECHO = """
import socket, selectors
udp = socket.socket(type=socket.SOCK_DGRAM); udp.bind(("0.0.0.0", 7000))
udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
tcp = socket.create_server(("0.0.0.0", 7000))
chosen = selectors.DefaultSelector(); chosen.register(udp, 1); chosen.register(tcp, 1)
print("up", flush=True)
while True:
    for key, _ in chosen.select():
        if key.fileobj is udp:
            data, address = udp.recvfrom(2000); udp.sendto(data, address)
        elif key.fileobj is tcp:
            chosen.register(tcp.accept()[0], 1)
        else:
            data = key.fileobj.recv(2000)
            if data: key.fileobj.sendall(data)
            else: chosen.unregister(key.fileobj); key.fileobj.close()
"""
# Sends `count` datagrams of `size` bytes, `rate` a second; prints how many came back and their round trips in ms.
PING = """
import json, socket, struct, sys, threading, time
address, count, rate, size = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
udp = socket.socket(type=socket.SOCK_DGRAM); udp.settimeout(0.8); udp.connect((address, 7000))
udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
trips, order = [], []
def receive():
    try:
        while len(trips) < count:
            data = udp.recv(2000); number, sent = struct.unpack("!Id", data[:12])
            trips.append((time.monotonic() - sent) * 1000); order.append(number)
    except TimeoutError: pass
thread = threading.Thread(target=receive); thread.start(); begun = time.monotonic()
for number in range(count):
    left = begun + number / rate - time.monotonic()
    if left > 0: time.sleep(left)
    udp.send(struct.pack("!Id", number, time.monotonic()) + bytes(size - 12))
thread.join(); trips.sort()
p50 = trips[len(trips) // 2] if trips else None
print(json.dumps({"came": len(trips), "p50": p50, "in_order": order == sorted(order)}))
"""
TCP = """
import socket, sys, time
begun = time.monotonic(); tcp = socket.create_connection((sys.argv[1], 7000), timeout=10)
tcp.sendall(b"x" * 100); got = len(tcp.recv(2000)); print(got, (time.monotonic() - begun) * 1000)
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(2, seed=5) as made:
        echo = made.start(1, [sys.executable, "-c", ECHO], stdout=subprocess.PIPE, text=True)
        try:
            assert echo.stdout is not None
            assert echo.stdout.readline() == "up\n"
            yield made
        finally:
            echo.kill()
            echo.wait()
            echo.stdout.close() if echo.stdout is not None else None


@pytest.fixture(autouse=True)
def perfect(lab: Lab) -> None:
    lab.reset(0)
    lab.reset(1)


def ping(lab: Lab, count: int = 200, rate: float = 400, size: int = 100) -> dict[str, Any]:
    words = [sys.executable, "-c", PING, lab.address(1), str(count), str(rate), str(size)]
    done = subprocess.run(lab.command(0, words), capture_output=True, text=True, check=True, timeout=30)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_perfect_line_loses_nothing(lab: Lab) -> None:
    assert ping(lab) | {"p50": 0} == {"came": 200, "p50": 0, "in_order": True}


def test_loss_is_what_was_asked_for(lab: Lab) -> None:
    lab.set(0, "up", loss=10)
    assert 830 <= ping(lab, 1000, 2000)["came"] <= 960


def test_losses_come_in_bursts(lab: Lab) -> None:
    lab.set(0, "up", geb=5, geg=20, gel=100)
    assert 650 <= ping(lab, 1000, 2000)["came"] <= 930


def test_delay_adds_up_and_jitter_keeps_the_order(lab: Lab) -> None:
    lab.set(0, delay=50, jitter=20)
    found = ping(lab)
    assert found["p50"] >= 90
    assert found["in_order"]


def test_a_rate_drops_what_its_queue_does_not_hold(lab: Lab) -> None:
    lab.set(0, "up", rate=100, queue=100)
    # A second of 100 kbit/s is 12 packets of 1,000 bytes.
    assert ping(lab, 200, 200, 972)["came"] < 150
    assert lab.stats()["hosts"][0]["up"]["queue_drop"] > 0


def test_a_blackout_and_its_end(lab: Lab) -> None:
    lab.set(1, off=1)
    assert ping(lab, 20)["came"] == 0
    lab.set(1, off=0)
    assert ping(lab, 20)["came"] == 20


def test_udp_is_dropped_and_tcp_goes_on(lab: Lab) -> None:
    lab.set(0, noudp=1, delay=30)
    assert ping(lab, 20)["came"] == 0
    done = subprocess.run(
        lab.command(0, [sys.executable, "-c", TCP, lab.address(1)]), capture_output=True, text=True, check=True
    )
    length, took_ms = done.stdout.split()
    assert (int(length), float(took_ms) >= 120) == (100, True)


def test_a_host_that_moves_is_reached_at_its_new_address(lab: Lab) -> None:
    before = lab.address(1)
    lab.roam(1)
    assert lab.address(1) != before
    assert ping(lab, 20)["came"] == 20
    lab.roam(1)
    assert ping(lab, 20)["came"] == 20


def test_every_profile_is_understood(lab: Lab) -> None:
    for name in PROFILES:
        lab.profile(0, name)
    with pytest.raises(ValueError, match="unknown key"):
        lab.set(0, nonsense=1)
