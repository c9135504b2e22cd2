"""What a load test does, read from TOML (`loadtests/scenarios`). Unknown keys are refused: a typo is no default."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from whiteboard_crdt.errors import SetupError

__all__ = ["FOLDER", "Bars", "Bots", "Scenario", "Seat", "Trouble", "Who", "load_scenario", "scenario_names"]

FOLDER: Final = Path(__file__).parents[1] / "scenarios"

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=1)]
Who = Literal["all", "tutor", "students"]


class Bots(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a bot behaves. `live_hz`: cursors and live ink; shares are of all its edits, the rest are strokes."""

    strokes_s: Positive = 1.0
    live_hz: NotNegative = 20.0
    points: Annotated[int, msgspec.Meta(ge=2, le=256)] = 24
    chat_share: Share = 0.02
    erase_share: Share = 0.05
    move_share: Share = 0.05
    mesh: bool = False
    media: bool = False


class Trouble(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The way to the relay is cut `at_s` after the start, for `for_s`; again every `every_s` where that is not 0."""

    at_s: NotNegative
    for_s: Positive
    every_s: NotNegative = 0.0
    who: Who = "all"


class Bars(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must hold, where it is given. That nothing is lost and all boards are equal must hold always."""

    edit_p95_ms: float | None = None
    ack_p95_ms: float | None = None
    join_p95_ms: float | None = None
    whole_again_max_ms: float | None = None
    mesh_share: Share | None = None
    serves_again_ms: float | None = None
    """From the relay's end until `/readyz` of the next one answers."""
    service_max_mb: float | None = None
    """Memory of any one process of the service, at its highest."""


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One load test.

    `target`: a relay alone with tickets made by hand; the whole service under its supervisor, with such tickets; or a
    school that its people log in to.
    """

    title: str
    rooms: Count
    people: Count
    duration_s: Positive
    join_s: Positive = 20.0
    """People who come in one second."""
    target: Literal["relay", "service", "school"] = "relay"
    recorded: bool = False
    """A recorder sits in every room, and its archives are compared too: with a relay alone. A school always records."""
    line: str = ""
    """A line of `loadtests/netlab/profiles.toml` for the session sockets of `line_of`: with a relay alone, no mesh."""
    line_of: Who = "all"
    restart_at_s: NotNegative | None = None
    """The relay is killed then; its supervisor starts it again. Only where the service is our own."""
    seed: int = 1
    visitors: Annotated[int, msgspec.Meta(ge=0)] = 0
    """People who only look at the portal's pages."""
    bots: Bots = Bots()
    trouble: tuple[Trouble, ...] = ()
    bars: Bars = Bars()

    @property
    def users(self) -> int:
        """Everybody."""
        return self.rooms * self.people + self.visitors

    @property
    def run_s(self) -> float:
        """From the first who comes until the last has done what was planned."""
        return self.users / self.join_s + self.duration_s

    @property
    def edits_each(self) -> int:
        """What each bot does before it rests."""
        return max(1, int(self.duration_s * self.bots.strokes_s))


class Seat(msgspec.Struct, frozen=True):
    """A bot's place: the number of its room, and its own in the room; 0 is the tutor."""

    room: int
    place: int

    @property
    def is_tutor(self) -> bool:
        """Whether it leads the lesson."""
        return self.place == 0

    def is_among(self, who: Who) -> bool:
        """Whether `who` means it."""
        return who == "all" or (who == "tutor") == self.is_tutor


def scenario_names() -> list[str]:
    """What `load_scenario` knows by name."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_scenario(name: str) -> Scenario:
    """A scenario by its name, or from a path that ends in .toml. Raises SetupError."""
    path = Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"
    try:
        scenario = msgspec.toml.decode(path.read_bytes(), type=Scenario)
    except FileNotFoundError:
        raise SetupError(f"There is no scenario {name}. There are: {', '.join(scenario_names())}.") from None
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SetupError(f"The scenario {name} cannot be read: {error}.") from error
    if scenario.line and (scenario.bots.mesh or scenario.bots.media or scenario.target == "school"):
        raise SetupError(
            f"The scenario {name} has a line within the process and direct links, or a school: such a line carries the"
            " session socket alone. For bad lines around everything use the network lab (loadtests/netlab)."
        )
    return scenario
