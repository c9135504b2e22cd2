"""Where ticks stand on an axis, and what is written at them. Pure, and the twin of `portal/web/src/board/ticks.ts`.

Steps are fractions of whole numbers, so that both languages write the same digits.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from whiteboard_crdt.spec import THINGS

_FRACTION = re.compile(r"([0-9]{1,6})/([0-9]{1,4})")
_PI_STEP = re.compile(r"([0-9]{0,6}) ?(?:π|pi)(?:/([0-9]{1,4}))?")
_DECIMAL = re.compile(r"([0-9]{1,6})(?:[.,]([0-9]{1,4}))?")
# A tick that lies outside only by what floats round is inside.
_SLACK = 1e-9
_EXPONENTS = range(-7, 7)


@dataclass(frozen=True, slots=True)
class Step:
    """The way from tick to tick: `top` / `bottom`, of 1 or of π.

    `places`: decimals of its numbers; -1 writes them as fractions.
    """

    top: int
    bottom: int
    places: int
    of_pi: bool = False

    @property
    def width(self) -> float:
        """As a number."""
        return self.top * (math.pi if self.of_pi else 1.0) / self.bottom


@dataclass(frozen=True, slots=True)
class Tick:
    """One tick, so many steps from 0: a number, or (with `bottom`) a fraction, without their sign."""

    number: int
    value: float
    top: str
    bottom: str = ""


def parse_step(text: str) -> Step | None:
    """A step as it is written: `1/3`, `0.5`, `2`, `π/2`; None for anything else, which leaves the choice to us."""
    plain = text.strip(" ")
    if (of_pi := _PI_STEP.fullmatch(plain)) is not None:
        top, bottom = int(of_pi[1] or 1), int(of_pi[2] or 1)
        return Step(top, bottom, -1, of_pi=True) if top > 0 and bottom > 0 else None
    if (fraction := _FRACTION.fullmatch(plain)) is not None:
        top, bottom = int(fraction[1]), int(fraction[2])
        return Step(top, bottom, -1) if top > 0 and bottom > 0 else None
    if (decimal := _DECIMAL.fullmatch(plain)) is not None:
        places = len(decimal[2] or "")
        top = int(decimal[1] + (decimal[2] or ""))
        return Step(top, 10**places, places) if top > 0 else None
    return None


def own_step(span: float, length_px: float, least_px: float) -> Step:
    """The smallest of 1, 2 and 5 times a power of ten that leaves so many px between ticks."""
    found = Step(1, 1, 0)
    for exponent in _EXPONENTS:
        for digit in (1, 2, 5):
            found = Step(digit, 10**-exponent, -exponent) if exponent < 0 else Step(digit * 10**exponent, 1, 0)
            if length_px * found.top / found.bottom / span >= least_px:
                return found
    return found


def step_of(text: str, span: float, length_px: float, least_px: float) -> Step:
    """The step that is written, or one of ours where that would leave no room between ticks."""
    written = parse_step(text)
    if written is None:
        return own_step(span, length_px, least_px)
    width = written.width
    if span / width > THINGS.plot.ticks or length_px * width / span < THINGS.plot.closest_px:
        return own_step(span, length_px, least_px)
    return written


def ticks_of(start: float, end: float, step: Step, *, reduced: bool) -> list[Tick]:
    """All ticks between two values, with what is written at each."""
    if step.of_pi:
        first, last = math.ceil(start / step.width - _SLACK), math.floor(end / step.width + _SLACK)
    else:
        first = math.ceil(start * step.bottom / step.top - _SLACK)
        last = math.floor(end * step.bottom / step.top + _SLACK)
    return [_tick(number, step, reduced) for number in range(first, last + 1)]


def _tick(number: int, step: Step, reduced: bool) -> Tick:
    count = abs(number) * step.top
    if step.of_pi:
        return Tick(number, number * step.width, *pi_fraction(count, step.bottom))
    value = number * step.top / step.bottom
    if step.places < 0:
        top, bottom = fraction_of(count, step.bottom, reduced)
        return Tick(number, value, top, bottom)
    whole, rest = divmod(count, step.bottom)
    decimals = str(rest).rjust(step.places, "0").rstrip("0") if rest else ""
    return Tick(number, value, f"{whole}.{decimals}" if decimals else str(whole))


def pi_fraction(top: int, bottom: int) -> tuple[str, str]:
    """So many parts of π, in lowest terms: `π`, `2π`, `3π` above `2`."""
    upper, lower = fraction_of(top, bottom, True)
    if upper == "0":
        return "0", ""
    return ("π" if upper == "1" else f"{upper}π"), lower


def fraction_of(top: int, bottom: int, reduced: bool) -> tuple[str, str]:
    """What stands above and below the bar; whole numbers have no bar."""
    if top % bottom == 0:
        return str(top // bottom), ""
    shared = math.gcd(top, bottom) if reduced else 1
    return str(top // shared), str(bottom // shared)
