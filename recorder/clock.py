"""Puts every sender's media clock onto room time. Pure: arrival times come in as numbers.

Two straight lines make one: RTP time → the sender's wall clock (RTCP sender reports, RFC 3550 section 6.4.1), and
wall clock → room time by when the reports arrived. Delay only ever adds, so each line lies *below* its points: it is
the edge of their lower convex hull under their centre (Moon, Skelly, Towsley, "Estimation and removal of clock skew
from network delay measurements", 1999).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

# Below this span of time jitter would pass for skew, and 100 ppm of real skew is only 3 ms.
MIN_SLOPE_SPAN_MS = 30_000.0
# No quartz is further off; anything beyond is jitter or a clock being stepped.
MAX_SKEW = 500e-6
# One point is kept for each stretch of this length: two hours make 720.
BUCKET_MS = 10_000.0
# A report this far from the line means that the sender's clock was set.
STEP_MS = 250.0
_NTP_EPOCH_S = 2_208_988_800


@dataclass(frozen=True, slots=True)
class Line:
    """y = y0 + slope × (x − x0); all in ms."""

    x0: float
    y0: float
    slope: float

    def at(self, x: float) -> float:
        """The value at x."""
        return self.y0 + self.slope * (x - self.x0)

    def after(self, inner: Line) -> Line:
        """The line x ↦ self(inner(x))."""
        return Line(inner.x0, self.at(inner.y0), self.slope * inner.slope)


class MinDelayFit:
    """Fits y ≈ x + offset + skew·x to points whose y is late by a varying, never negative delay."""

    def __init__(self) -> None:
        self._buckets: dict[int, tuple[float, float]] = {}
        self.count = 0
        self._line: Line | None = None

    def add(self, x: float, y: float) -> None:
        """Take in one observation: something of clock reading x was seen at y (both ms)."""
        self.count += 1
        bucket = int(x // BUCKET_MS)
        best = self._buckets.get(bucket)
        if best is None or y - x < best[1]:
            self._buckets[bucket] = (x, y - x)
            self._line = None

    @property
    def line(self) -> Line | None:
        """The fitted line, or None before the first observation."""
        if self._line is None and self._buckets:
            self._line = self._fit()
        return self._line

    @property
    def middle(self) -> float | None:
        """The mean clock reading of the points that are kept: where the line is best known."""
        if not self._buckets:
            return None
        return sum(x for x, _ in self._buckets.values()) / len(self._buckets)

    def residual_ms(self) -> float:
        """Root of the mean square of what the kept points lie above the line."""
        line = self.line
        if line is None:
            return 0.0
        squares = [(x + d - line.at(x)) ** 2 for x, d in self._buckets.values()]
        return float((sum(squares) / len(squares)) ** 0.5)

    def _fit(self) -> Line:
        points = sorted(self._buckets.values())
        x_low, d_low = min(points, key=lambda point: point[1])
        if points[-1][0] - points[0][0] < MIN_SLOPE_SPAN_MS:
            return Line(x_low, x_low + d_low, 1.0)
        hull: list[tuple[float, float]] = []
        for point in points:
            while len(hull) >= 2 and _right_turn_missing(hull[-2], hull[-1], point):
                hull.pop()
            hull.append(point)
        middle = sum(x for x, _ in points) / len(points)
        for left, right in pairwise(hull):
            if left[0] <= middle <= right[0]:
                skew = (right[1] - left[1]) / (right[0] - left[0])
                if abs(skew) > MAX_SKEW:
                    break
                return Line(left[0], left[0] + left[1], 1.0 + skew)
        return Line(x_low, x_low + d_low, 1.0)


def _right_turn_missing(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) <= 0


def ntp_to_ms(ntp: int) -> float:
    """64-bit NTP timestamp → unix ms."""
    return ((ntp >> 32) - _NTP_EPOCH_S) * 1000.0 + (ntp & 0xFFFFFFFF) * 1000.0 / 2**32


class SenderClock:
    """One connection's sender: its wall clock against room time. Shared by its audio and its video."""

    def __init__(self) -> None:
        self._fit = MinDelayFit()
        self._strays = 0
        self.generation = 0

    def add(self, wall_ms: float, room_ms: float) -> None:
        """A report stamped `wall_ms` by the sender arrived at `room_ms`.

        A clock that was set begins a new generation.
        """
        line = self._fit.line
        if line is not None:
            off = room_ms - line.at(wall_ms)
            # Earlier than possible shows at once; later may be one slow packet, so it takes three.
            self._strays = self._strays + 1 if off > STEP_MS else 0
            if off < -STEP_MS or self._strays >= 3:
                self._fit = MinDelayFit()
                self._strays = 0
                self.generation += 1
        self._fit.add(wall_ms, room_ms)

    @property
    def line(self) -> Line | None:
        """Wall clock ms → room ms."""
        return self._fit.line


@dataclass(frozen=True, slots=True)
class ClockFit:
    """room_ms = start_ms + rate × t_ms for one file, `reports` sender reports behind it."""

    start_ms: float
    rate: float
    reports: int
    error_ms: float


class TrackClock:
    """One RTP stream's timestamps → room time."""

    def __init__(self, sender: SenderClock, clock_hz: int) -> None:
        self._sender = sender
        self._per_ms = clock_hz / 1000.0
        self._to_wall = MinDelayFit()
        self._to_room = MinDelayFit()
        self._wall_generation = -1

    def add_frame(self, timestamp: int, room_ms: float, lasts_ms: float = 0.0) -> None:
        """A frame of that RTP time arrived.

        `lasts_ms`: how long its content is; it cannot have left before that was over.
        """
        self._to_room.add(timestamp / self._per_ms, room_ms - lasts_ms)

    def add_report(self, timestamp: int, ntp: int, room_ms: float) -> None:
        """A sender report (its RTP and NTP timestamps) arrived."""
        wall = ntp_to_ms(ntp)
        self._sender.add(wall, room_ms)
        if self._wall_generation != self._sender.generation:
            self._wall_generation = self._sender.generation
            self._to_wall = MinDelayFit()
        self._to_wall.add(timestamp / self._per_ms, wall)

    @property
    def generation(self) -> int:
        """Changes when the sender's clock was set; a new file should begin then."""
        return self._sender.generation

    def fit(self, first_timestamp: int) -> ClockFit | None:
        """The line of a file that begins at `first_timestamp`, or None before anything arrived.

        Reports and arrivals are both bounds: nothing was captured later than either says. The earlier one is nearer the
        truth. Browsers stamp a report for audio by the moment when the last packet left their encoder, 20 ms and a
        varying wait for the sound card after its first sample, and only every 5 s; there the arrivals win.
        """
        to_wall, to_room, arrivals = self._to_wall.line, self._sender.line, self._to_room.line
        line, count, error = arrivals, 0, 0.0
        if to_wall is not None and to_room is not None and self._wall_generation == self._sender.generation:
            reported = to_room.after(to_wall)
            count, error = self._to_wall.count, self._to_wall.residual_ms()
            middle = self._to_room.middle
            if arrivals is None or middle is None or reported.at(middle) <= arrivals.at(middle):
                line = reported
        if line is None:
            return None
        start = line.at(first_timestamp / self._per_ms)
        return ClockFit(start, line.slope, count, error)


class RoomClock:
    """Room time on the recorder's monotonic clock, so that it goes on while the relay is away."""

    def __init__(self) -> None:
        self._offset_ms: float | None = None

    @property
    def known(self) -> bool:
        """Whether the relay has told the time yet."""
        return self._offset_ms is not None

    def observe(self, room_ms: float, now_s: float) -> None:
        """The relay said `room_ms`, heard at monotonic `now_s`. The least delayed statement wins."""
        offset = room_ms - now_s * 1000.0
        if self._offset_ms is None or offset > self._offset_ms:
            self._offset_ms = offset

    def at(self, now_s: float) -> float:
        """Room time, ms, at monotonic `now_s`; before the relay spoke, time since the clock began."""
        return (self._offset_ms or 0.0) + now_s * 1000.0
