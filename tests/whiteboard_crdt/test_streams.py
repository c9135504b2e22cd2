from __future__ import annotations

from whiteboard_crdt.envelope import seal
from whiteboard_crdt.ids import BOARD, RoomId, SessionId
from whiteboard_crdt.spec import LIMITS
from whiteboard_crdt.streams import ParkedEnvelope, Parking, Stream

SESSION = SessionId("a" * 16)


def _parked(seq: int, size: int = 10, since_ms: int = 0) -> ParkedEnvelope:
    envelope = seal(RoomId("r"), BOARD, SESSION, seq, bytes(16), 0, bytes(size), lambda text: bytes(64))
    return ParkedEnvelope(envelope, bytes(16), since_ms)


def test_parking_keeps_the_lowest_256_of_a_stream_E6() -> None:
    parking, stream = Parking(), Stream(BOARD, SESSION)
    for seq in range(400, 100, -1):
        parking.put(stream, _parked(seq))
    assert sorted(stream.parked) == list(range(101, 101 + LIMITS.park_envelopes))
    (gone,) = parking.put(stream, _parked(1000))
    assert gone.envelope.seq == 1000


def test_parking_is_bounded_in_bytes_for_a_stream_and_in_all_E6() -> None:
    parking = Parking()
    streams = [Stream(BOARD, SessionId(f"{number:016x}")) for number in range(8)]
    for stream in streams:
        for seq in range(2, 40):
            parking.put(stream, _parked(seq, 50_000))
        assert stream.parked_bytes <= LIMITS.park_stream_bytes
    assert parking.bytes == sum(stream.parked_bytes for stream in streams) <= LIMITS.park_total_bytes


def test_bytes_add_up_after_taking_clearing_replacing_and_expiring() -> None:
    parking, stream = Parking(), Stream(BOARD, SESSION)
    for seq in range(2, 12):
        parking.put(stream, _parked(seq, since_ms=seq * 1000))
    parking.put(stream, _parked(5, 500, since_ms=5000))
    assert parking.take(stream, 2) is not None and parking.take(stream, 2) is None
    assert [gone.envelope.seq for gone in parking.clear(stream, 4)] == [3, 4]
    assert [gone.envelope.seq for gone in parking.expire([stream], 7000 + LIMITS.park_ms)] == [6, 7, 5]
    assert len(parking.clear(stream)) == 4
    assert (parking.bytes, stream.parked_bytes) == (0, 0)


def test_asking_begins_after_200_ms_and_grows_rarer_E6() -> None:
    stream = Stream(BOARD, SESSION)
    asked = []
    for now_ms in range(0, 20_000, 50):
        if stream.may_ask(0, now_ms):
            stream.note_asked(now_ms)
            asked.append(now_ms)
    assert asked[:5] == [200, 600, 1400, 3000, 6200]
    stream.advance(1, bytes(16))
    assert stream.may_ask(19_000, 19_200) and not stream.may_ask(19_100, 19_200)
