"""What happens in a scripted lesson: timed actions of its actors, and the desk at which such a script is written.

Times are ms since the lesson went live. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from portal.showcase.curves import Path
from portal.showcase.handwriting import Hand, Stroke, Style, duration_ms, moved

MAIN: Final = "main"
TYPING_MS: Final = 240
"""A typed text grows this often, by a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that `actor` does at `at_ms`."""

    at_ms: int
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw(Action):
    """A stroke that begins at `at_ms`; on the board when the pen is up. `page` and `tag` are names of the script."""

    page: str
    tag: str
    stroke: Stroke
    colour: str
    size: float
    highlight: bool = False

    @property
    def up_ms(self) -> int:
        """When the pen leaves the board."""
        return self.at_ms + self.stroke[-1].t_ms - self.stroke[0].t_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Type(Action):
    """Typed text: makes the text `tag`, or turns it into `text` if it is there."""

    page: str
    tag: str
    x: float
    y: float
    text: str
    colour: str
    size: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Erase(Action):
    """Erases everything drawn under these tags."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo(Action):
    """Takes back the actor's own latest step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPage(Action):
    """Adds a page, called `page` in the script."""

    page: str
    title: str
    background: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnTo(Action):
    """The tutor turns everyone to a page."""

    page: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Write(Action):
    """A chat message."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseHand(Action):
    """The hand goes up or down."""

    up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Point(Action):
    """The pointer rests at a place."""

    page: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Speech:
    """A stretch during which an actor speaks, ms since the lesson went live."""

    actor: str
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class Script:
    """A whole lesson. `actions` are in order of their time."""

    title: str
    subject: str
    tutor: str
    students: tuple[str, ...]
    length_ms: int
    actions: tuple[Action, ...]
    speeches: tuple[Speech, ...]

    @property
    def actors(self) -> tuple[str, ...]:
        """The tutor, then the students."""
        return (self.tutor, *self.students)


@dataclass
class Desk:
    """Writes down what one actor does. `now_ms` moves on with the pen; `at` sets it."""

    actor: str
    seed: int
    style: Style
    colour: str = "black"
    size: float = 8.0
    page: str = MAIN
    now_ms: int = 0
    actions: list[Action] = field(default_factory=list)
    speeches: list[Speech] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._hand = Hand(self.seed, self.style)

    def at(self, now_ms: int) -> "Desk":
        """Waits until then. Raises ValueError where the actor is still busy: a script must be possible."""
        if now_ms < self.now_ms:
            raise ValueError(f"{self.actor} is busy until {self.now_ms} ms, {now_ms} ms cannot be kept")
        self.now_ms = now_ms
        return self

    def write(self, text: str, x: float, y: float, height_px: float, tag: str = "", colour: str = "") -> "Desk":
        """Writes by hand."""
        return self._ink(self._hand.write(text, x, y, height_px), tag, colour or self.colour, self.size)

    def fraction(self, top: str, bottom: str, x: float, y: float, tag: str = "", colour: str = "") -> "Desk":
        """A fraction with a bar: left end and height of the bar."""
        self.write(top, x + 16, y - 20, 76, tag, colour)
        self._pause(140)
        self.draw([[(x, y), (x + 36, y - 2), (x + 78, y - 1)]], tag, colour)
        self._pause(160)
        return self.write(bottom, x + 14, y + 98, 76, tag, colour)

    def draw(
        self, paths: Iterable[Path], tag: str = "", colour: str = "", size: float = 0.0, detail_px: float = 240.0
    ) -> "Desk":
        """Draws paths."""
        return self._ink(self._hand.draw(paths, detail_px), tag, colour or self.colour, size or self.size)

    def mark(self, path: Path, colour: str, size: float) -> "Desk":
        """One stroke of the highlighter."""
        return self._ink(self._hand.draw([path], 320.0), "", colour, size, highlight=True)

    def type(self, text: str, x: float, y: float, tag: str, size: float = 36.0, colour: str = "") -> "Desk":
        """Types a text, word by word."""
        words = text.split(" ")
        for count in range(1, len(words) + 1):
            self._add(
                Type(
                    at_ms=self.now_ms, actor=self.actor, page=self.page, tag=tag, x=x, y=y,
                    text=" ".join(words[:count]), colour=colour or self.colour, size=size,
                )
            )  # fmt: skip
            self._pause(TYPING_MS)
        return self

    def say(self, length_ms: int) -> "Desk":
        """Speaks from now on; the pen does not wait for it. Raises ValueError while still speaking."""
        if self.speeches and self.speeches[-1].to_ms > self.now_ms:
            raise ValueError(f"{self.actor} speaks until {self.speeches[-1].to_ms} ms")
        self.speeches.append(Speech(self.actor, self.now_ms, self.now_ms + length_ms))
        return self

    def chat(self, text: str) -> "Desk":
        """Writes a message to everyone."""
        return self._add(Write(at_ms=self.now_ms, actor=self.actor, text=text))

    def hand(self, up: bool) -> "Desk":
        """Raises the hand, or takes it down."""
        return self._add(RaiseHand(at_ms=self.now_ms, actor=self.actor, up=up))

    def point(self, x: float, y: float) -> "Desk":
        """Points somewhere."""
        return self._add(Point(at_ms=self.now_ms, actor=self.actor, page=self.page, x=x, y=y))

    def erase(self, *tags: str) -> "Desk":
        """Erases what is drawn under these tags."""
        return self._add(Erase(at_ms=self.now_ms, actor=self.actor, tags=tags))

    def undo(self) -> "Desk":
        """Takes back the latest step."""
        return self._add(Undo(at_ms=self.now_ms, actor=self.actor))

    def add_page(self, page: str, title: str, background: str) -> "Desk":
        """Adds a page and turns everyone to it."""
        self._add(AddPage(at_ms=self.now_ms, actor=self.actor, page=page, title=title, background=background))
        self._pause(200)
        self._add(TurnTo(at_ms=self.now_ms, actor=self.actor, page=page, title=title))
        return self.follow(page)

    def follow(self, page: str) -> "Desk":
        """Works on that page from now on."""
        self.page = page
        return self

    def _pause(self, length_ms: int) -> None:
        self.now_ms += length_ms

    def _add(self, action: Action) -> "Desk":
        self.actions.append(action)
        return self

    def _ink(self, strokes: Sequence[Stroke], tag: str, colour: str, size: float, highlight: bool = False) -> "Desk":
        for stroke in moved(strokes, self.now_ms):
            self._add(
                Draw(
                    at_ms=stroke[0].t_ms, actor=self.actor, page=self.page, tag=tag, stroke=stroke,
                    colour=colour, size=size, highlight=highlight,
                )
            )  # fmt: skip
        self.now_ms += duration_ms(strokes)
        return self


def in_order(desks: Iterable[Desk]) -> tuple[tuple[Action, ...], tuple[Speech, ...]]:
    """Everybody's actions and speeches by time."""
    desks = list(desks)
    actions = sorted((action for desk in desks for action in desk.actions), key=lambda action: action.at_ms)
    speeches = sorted((speech for desk in desks for speech in desk.speeches), key=lambda speech: speech.from_ms)
    return tuple(actions), tuple(speeches)
