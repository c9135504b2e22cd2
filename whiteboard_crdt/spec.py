"""The constants that Python and TypeScript share, read once from `spec/*.json`. The one file here that reads a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

__all__ = [
    "COLOURS", "INK", "LIMITS", "SNAPSHOT_LIMITS", "THINGS", "UPDATE_LIMITS", "FormulaSpec", "FrameSpec", "InkSpec",
    "LabelSpec", "Limits", "NoteSpec", "PenSpec", "PlotSpec", "ThingSpec", "UpdateLimits", "load_spec",
]  # fmt: skip


def load_spec(name: str) -> dict[str, Any]:
    """The content of `spec/<name>.json`. `Any`, because JSON has no types."""
    content: dict[str, Any] = json.loads(files("whiteboard_crdt").joinpath("spec", f"{name}.json").read_bytes())
    return content


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateLimits:
    """Bounds of one CRDT update (P1, P8). Lengths in bytes, except `clock` and `client`, which are highest values."""

    bytes: int
    clients: int
    structs: int
    ranges: int
    clock: int
    client: int
    depth: int
    values: int
    string: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`spec/limits.json`: sizes in bytes, times in milliseconds."""

    channel_message_bytes: int
    socket_message_bytes: int
    text_message_bytes: int
    snapshot_bytes: int
    update_bytes: int
    have_entries: int
    want_span: int
    presence_bytes: int
    ticket_bytes: int
    live_points: int
    live_copy_bytes: int
    park_envelopes: int
    park_stream_bytes: int
    park_total_bytes: int
    park_ms: int
    want_after_ms: int
    batch_ms: int
    catch_up_envelopes: int
    catch_up_bytes: int
    have_every_ms: int
    digest_every_ms: int
    socket_ping_ms: int
    socket_silence_ms: int
    link_ping_ms: int
    link_silence_ms: int
    hello_timeout_ms: int
    max_foreign_deletes: int
    hold_grace_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PenSpec:
    """How one kind of stroke is outlined; sizes in board px."""

    sizes: tuple[float, ...]
    thinning: float
    smoothing: float
    streamline: float
    opacity: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class InkSpec:
    """`spec/ink.json`."""

    version: int
    units_per_px: int
    max_points: int
    pen: PenSpec
    highlighter: PenSpec
    text_sizes: tuple[float, ...]
    line_height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSpec:
    """Text inside a shape, in board px; it shrinks by `shrink` until it fits, down to `least`."""

    size: float
    least: float
    shrink: float
    padding: float
    chars: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSpec:
    """A sticky note, board px."""

    side: float
    corner: float
    sizes: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormulaSpec:
    """Bounds of a formula: characters of all it says and of its LaTeX, outlines, and points of all that is painted."""

    sizes: tuple[float, ...]
    chars: int
    latex_chars: int
    glyphs: int
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotSpec:
    """Axes and number lines: sizes of their letters in board px, and bounds of what stands in them."""

    forms: tuple[str, ...]
    sizes: tuple[float, ...]
    farthest: float
    least_span: float
    entries: int
    entries_chars: int
    expression_chars: int
    step_chars: int
    ticks: int
    closest_px: float
    samples: int
    colours: tuple[str, ...]
    grid_opacity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameSpec:
    """A frame: sizes of its title, and the gap between the title and the frame; board px."""

    sizes: tuple[float, ...]
    gap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingSpec:
    """`spec/things.json`: shapes that are no ink. Lengths in board px.

    `forms`: corners of each in a box of 1 by 1; `inner`: where its letters may stand in it (left, top, right, bottom).
    """

    forms: Mapping[str, tuple[tuple[float, float], ...]]
    fills: tuple[str, ...]
    soft_opacity: float
    dashes: tuple[str, ...]
    heads: tuple[str, ...]
    sizes: tuple[float, ...]
    polygon_corners: int
    largest: float
    farthest: float
    most_rotation: float
    least_opacity: float
    id_chars: int
    arrow_gap: float
    head_length: float
    head_per_size: float
    head_angle: float
    label: LabelSpec
    inner: Mapping[str, tuple[float, float, float, float]]
    note: NoteSpec
    caption_chars: int
    formula: FormulaSpec
    plot: PlotSpec
    frame: FrameSpec


def _load_limits() -> tuple[Limits, UpdateLimits, UpdateLimits]:
    raw = load_spec("limits")
    update = UpdateLimits(bytes=raw["update_bytes"], **raw.pop("update"))
    snapshot = UpdateLimits(bytes=raw["snapshot_bytes"], **raw.pop("snapshot"))
    return Limits(**raw), update, snapshot


def _load_ink() -> InkSpec:
    raw = load_spec("ink")
    text = raw.pop("text")
    for kind in ("pen", "highlighter"):
        raw[kind] = PenSpec(**{**raw[kind], "sizes": tuple(raw[kind]["sizes"])})
    return InkSpec(text_sizes=tuple(text["sizes"]), line_height=text["line_height"], **raw)


def _load_things() -> ThingSpec:
    raw = load_spec("things")
    forms = {name: tuple((x, y) for x, y in corners) for name, corners in raw.pop("forms").items()}
    inner = {name: tuple(box) for name, box in raw.pop("inner").items()}
    parts: dict[str, Any] = {
        name: kind(**_tuples(raw.pop(name)))
        for name, kind in (("note", NoteSpec), ("formula", FormulaSpec), ("plot", PlotSpec), ("frame", FrameSpec))
    }
    return ThingSpec(forms=forms, inner=inner, label=LabelSpec(**raw.pop("label")), **parts, **_tuples(raw))


def _tuples(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in raw.items()}


_LOADED: Final = _load_limits()
LIMITS: Final = _LOADED[0]
UPDATE_LIMITS: Final = _LOADED[1]
SNAPSHOT_LIMITS: Final = _LOADED[2]
INK: Final = _load_ink()
THINGS: Final = _load_things()
COLOURS: Final = frozenset(load_spec("palette")["colours"])
