"""The drawing bot on a virtual clock."""

import asyncio
from itertools import pairwise

import pytest

from portal.showcase.bot import KEPT_SKETCHES, LIVE_EVERY_S, DrawingBot
from portal.showcase.sketching import COLUMNS, ROWS, Box, Sketchbook, shape_boxes
from tests.portal.showcase.stage_door import BOT, OLD_BOT, PERSON, FakeRoom, VirtualTime
from whiteboard_crdt.board import Board
from whiteboard_crdt.chat import Chat
from whiteboard_crdt.ids import MAIN_PAGE, Role
from whiteboard_crdt.ink import InkPoint, decode_ink
from whiteboard_crdt.presence import LiveInk
from whiteboard_crdt.shape import ShapeType


@pytest.fixture
def room() -> FakeRoom:
    return FakeRoom(VirtualTime())


def bot_in(room: FakeRoom, greeting: str = "", seed: int = 7) -> DrawingBot:
    return DrawingBot(room, Sketchbook(seed, 0), greeting, room.time.timing)


async def test_live_ink_runs_ahead_of_the_stroke_and_names_it_L3_L4(room: FakeRoom) -> None:
    await bot_in(room).sketch_once()
    live: dict[int, list[tuple[float, LiveInk]]] = {}
    for packet in room.packets:
        if packet.ink is not None:
            live.setdefault(packet.ink.stroke, []).append((packet.at_s, packet.ink))
    shapes = room.board.shapes(MAIN_PAGE)
    assert shapes and len(live) >= len({shape.id for shape in shapes if len(decode_ink(shape.ink).points) < 256}) - 1
    for packets in live.values():
        # 20 to 30 packets a second while the pen is down (L5).
        assert all(b - a >= LIVE_EVERY_S - 1e-6 for (a, _), (b, _) in pairwise(packets))
        assert packets[0][1].first == 0
        for (_, before), (_, after) in pairwise(packets):
            end_before = before.first + len(before.points)
            # Each packet repeats the points of the one before it.
            assert after.first <= end_before and after.first + len(after.points) > end_before
            assert len(after.points) <= 256
    first = min(live)
    drawn = next(shape for shape in shapes if shape.id == f"{BOT}-{first}")
    last = live[first][-1][1]
    assert last.first + len(last.points) == len(decode_ink(drawn.ink).points)
    assert room.flushed == len(live)


async def test_a_stroke_takes_as_long_as_its_ink_says(room: FakeRoom) -> None:
    before = room.now_ms()
    await bot_in(room).sketch_once()
    shapes = room.board.shapes(MAIN_PAGE)
    drawn_ms = sum(decode_ink(shape.ink).points[-1].t_ms or 0 for shape in shapes)
    assert room.now_ms() - before > drawn_ms
    # A small picture takes a few seconds, not a minute.
    assert 2_000 < room.now_ms() - before < 45_000


async def test_old_sketches_make_room(room: FakeRoom) -> None:
    bot = bot_in(room)
    for _ in range(KEPT_SKETCHES + 4):
        await bot.sketch_once()
    erased = [shape for shape in room.board.shapes(MAIN_PAGE, erased=True) if shape.erased]
    assert erased
    # One more visit does not leave more on the page than the last ones.
    visible = len(room.board.shapes(MAIN_PAGE))
    assert visible < 14 * KEPT_SKETCHES


async def test_a_bot_never_draws_over_somebody(room: FakeRoom) -> None:
    person = Board(room.doc, PERSON)
    points = [InkPoint(20.0 + 12 * i, 200.0, 128, 10 * i) for i in range(60)]
    person.add_stroke(MAIN_PAGE, points, ShapeType.DRAW, "blue", 8, 0)
    person.add_text(MAIN_PAGE, 900.0, 600.0, "my own corner\nplease", "black", 36, 0)
    theirs = shape_boxes(room.board.shapes(MAIN_PAGE))
    await bot_in(room).sketch_once()
    await bot_in(room, seed=9).sketch_once()
    own = shape_boxes([shape for shape in room.board.shapes(MAIN_PAGE) if shape.author == BOT])
    assert own and not any(box.meets(other) for box in own for other in theirs)


async def test_a_full_page_is_left_alone(room: FakeRoom) -> None:
    cell_width, cell_height = 1600 / COLUMNS, 900 / ROWS
    person = Board(room.doc, PERSON)
    for cell in range(COLUMNS * ROWS):
        x, y = (cell % COLUMNS + 0.5) * cell_width, (cell // COLUMNS + 0.5) * cell_height
        person.add_stroke(MAIN_PAGE, [InkPoint(x, y, 128, 0)], ShapeType.DRAW, "blue", 8, 0)
    await bot_in(room).sketch_once()
    assert [shape.author for shape in room.board.shapes(MAIN_PAGE)] == [PERSON] * COLUMNS * ROWS


async def test_a_bot_clears_what_earlier_bots_left_and_nothing_else(room: FakeRoom) -> None:
    room.people |= {OLD_BOT: Role.BOT, PERSON: Role.STUDENT}
    dot = [InkPoint(100.0, 100.0, 128, 0)]
    Board(room.doc, OLD_BOT).add_stroke(MAIN_PAGE, dot, ShapeType.DRAW, "red", 4, 0)
    kept = Board(room.doc, PERSON).add_stroke(MAIN_PAGE, dot, ShapeType.DRAW, "red", 4, 0)
    await begin(bot_in(room), room)
    authors = {shape.author for shape in room.board.shapes(MAIN_PAGE)}
    assert OLD_BOT not in authors and PERSON in authors
    assert not room.board.shapes(MAIN_PAGE)[0].erased and kept


async def test_one_greeting_is_enough(room: FakeRoom) -> None:
    room.people |= {OLD_BOT: Role.BOT}
    await begin(bot_in(room, "Hello"), room)
    assert [message.text for message in room.chat.messages()] == ["Hello"]
    Chat(room.doc, OLD_BOT).post("Hello", 5)
    await begin(bot_in(room, "Hello"), room)
    assert len(room.chat.messages()) == 2


def test_a_sketchbook_does_not_repeat_itself_at_once() -> None:
    book = Sketchbook(3, 0)
    sketches = [book.next_sketch(()) for _ in range(8)]
    colours = [[each.colour for each in sketch] for sketch in sketches if sketch is not None]
    assert len(colours) == 8
    assert len({tuple(each) for each in colours}) == 8


def test_two_bots_never_take_the_same_place() -> None:
    def place(book: Sketchbook) -> Box:
        sketch = book.next_sketch(())
        assert sketch is not None
        points = [point for each in sketch for point in each.stroke]
        xs, ys = [p.x for p in points], [p.y for p in points]
        return Box(min(xs), min(ys), max(xs), max(ys))

    white, black = Sketchbook(1, 0), Sketchbook(2, 1)
    blacks = [place(black) for _ in range(8)]
    assert not any(place(white).meets(other) for _ in range(8) for other in blacks)


async def begin(bot: DrawingBot, room: FakeRoom) -> None:
    """Runs a bot until its first stroke is on the board."""
    flushed = room.flushed
    task = asyncio.create_task(bot.run())
    while room.flushed == flushed:
        await asyncio.sleep(0)
        assert not task.done()
    task.cancel()
    await asyncio.wait((task,))
