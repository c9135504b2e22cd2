"""Puts every sender's media clock onto the recorder's, and that onto room time. Pure: arrival times come in as numbers.

Two straight lines make one: RTP time → the sender's wall clock (RTCP sender reports, RFC 3550 section 6.4.1), and
wall clock → the recorder's monotonic clock by when the reports arrived. Room time is an offset to that clock, which
gets better while the lesson runs; it is added last, so that what was fitted before moves with it. Delay only ever
adds, so each line lies *below* its points: it is the edge of their lower convex hull under their centre (Moon, Skelly,
Towsley, "Estimation and removal of clock skew from network delay measurements", 1999).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from itertools import pairwise

# Below this span of time jitter would pass for skew, and 100 ppm of real skew is only 3 ms.
MIN_SLOPE_SPAN_MS = 30_000.0
# No quartz is further off; anything beyond is jitter or a clock being stepped.
MAX_SKEW = 500e-6
# One point is kept for each stretch of this length: two hours make 720.
BUCKET_MS = 10_000.0
# A report this far from the line means that the sender's clock was set.
STEP_MS = 250.0
# A stream this much behind its line, by arrivals and by reports alike, has left something out at its source.
SLIP_MS = 25.0
# So many reports in a row must say so, and so many lie between two slips: each begins a file.
SLIP_REPORTS = 2
REPORTS_BETWEEN_SLIPS = 6
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

    def add(self, wall_ms: float, arrival_ms: float) -> None:
        """A report stamped `wall_ms` by the sender arrived at monotonic `arrival_ms`.

        A clock that was set begins a new generation.
        """
        line = self._fit.line
        if line is not None:
            off = arrival_ms - line.at(wall_ms)
            # Earlier than possible shows at once; later may be one slow packet, so it takes three.
            self._strays = self._strays + 1 if off > STEP_MS else 0
            if off < -STEP_MS or self._strays >= 3:
                self._fit = MinDelayFit()
                self._strays = 0
                self.generation += 1
        self._fit.add(wall_ms, arrival_ms)

    @property
    def line(self) -> Line | None:
        """Wall clock ms → monotonic ms."""
        return self._fit.line


@dataclass(frozen=True, slots=True)
class ClockFit:
    """ms = start_ms + rate × t_ms for one file, `reports` sender reports behind it.

    On the recorder's monotonic clock as `TrackClock.fit` gives it, in room time after `RoomClock.place`.
    """

    start_ms: float
    rate: float
    reports: int
    error_ms: float


@dataclass(slots=True)
class _Stretch:
    """What came from one sender report to the next: its least delayed frame, and the report that ends it."""

    frame: tuple[float, float] | None = None
    report: tuple[float, float] = (0.0, 0.0)


class TrackClock:
    """One RTP stream's timestamps → the recorder's monotonic clock."""

    def __init__(self, sender: SenderClock, clock_hz: int) -> None:
        self._sender = sender
        self._per_ms = clock_hz / 1000.0
        self._to_wall = MinDelayFit()
        self._arrivals = MinDelayFit()
        self._wall_generation = -1
        self._stretch = _Stretch()
        self._late: deque[_Stretch] = deque(maxlen=SLIP_REPORTS)
        self._since_slip = 0
        self._slips = 0

    def add_frame(self, timestamp: int, arrival_ms: float, lasts_ms: float = 0.0) -> None:
        """A frame of that RTP time arrived.

        `lasts_ms`: how long its content is; it cannot have left before that was over.
        """
        x, y = timestamp / self._per_ms, arrival_ms - lasts_ms
        self._arrivals.add(x, y)
        best = self._stretch.frame
        if best is None or y - x < best[1] - best[0]:
            self._stretch.frame = (x, y)

    def add_report(self, timestamp: int, ntp: int, arrival_ms: float) -> None:
        """A sender report (its RTP and NTP timestamps) arrived."""
        wall = ntp_to_ms(ntp)
        self._sender.add(wall, arrival_ms)
        if self._wall_generation != self._sender.generation:
            self._wall_generation = self._sender.generation
            self._to_wall = MinDelayFit()
            self._late.clear()
        self._watch_slips((timestamp / self._per_ms, wall))
        self._to_wall.add(timestamp / self._per_ms, wall)

    def _watch_slips(self, report: tuple[float, float]) -> None:
        """A source that leaves samples out (a starved sound card) is behind its own line for good from there on.

        Its timestamps count what was left, so the rest would be played too early by as much. A network that becomes
        slower delays arrivals, but not what the sender's reports say; hence both have to be late.
        """
        done, self._stretch = self._stretch, _Stretch()
        done.report = report
        self._since_slip += 1
        arrivals, to_wall = self._arrivals.line, self._to_wall.line
        if arrivals is None or to_wall is None or done.frame is None:
            return
        late = min(done.frame[1] - arrivals.at(done.frame[0]), report[1] - to_wall.at(report[0]))
        if late <= SLIP_MS:
            self._late.clear()
            return
        self._late.append(done)
        if len(self._late) < SLIP_REPORTS or self._since_slip < REPORTS_BETWEEN_SLIPS:
            return
        self._arrivals, self._to_wall = MinDelayFit(), MinDelayFit()
        for stretch in self._late:
            if stretch.frame is not None:
                self._arrivals.add(*stretch.frame)
            self._to_wall.add(*stretch.report)
        self._late.clear()
        self._since_slip = 0
        self._slips += 1

    @property
    def generation(self) -> int:
        """Changes when the sender's clock was set or its source slipped; a new file should begin then."""
        return self._sender.generation + self._slips

    def fit(self, first_timestamp: int) -> ClockFit | None:
        """The line of a file that begins at `first_timestamp`, or None before anything arrived.

        Reports and arrivals are both bounds: nothing was captured later than either says. The earlier one is nearer the
        truth. Browsers stamp a report for audio by the moment when the last packet left their encoder, 20 ms and a
        varying wait for the sound card after its first sample, and only every 5 s; there the arrivals win.
        """
        to_wall, to_own, arrivals = self._to_wall.line, self._sender.line, self._arrivals.line
        line, count, error = arrivals, 0, 0.0
        if to_wall is not None and to_own is not None and self._wall_generation == self._sender.generation:
            reported = to_own.after(to_wall)
            count, error = self._to_wall.count, self._to_wall.residual_ms()
            middle = self._arrivals.middle
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

    def place(self, fit: ClockFit) -> ClockFit:
        """A line on the monotonic clock as a line in room time."""
        return replace(fit, start_ms=self.at(fit.start_ms / 1000.0))

    def at(self, now_s: float) -> float:
        """Room time, ms, at monotonic `now_s`; before the relay spoke, time since the clock began."""
        return (self._offset_ms or 0.0) + now_s * 1000.0
