"""The board and the stage as they were at a moment, made from the recorded updates; says which shapes changed.

An archive may have been tampered with, so every update is read and bounded before the CRDT library sees it (protocol,
section P).
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from pycrdt import Doc, Map, MapEvent

from whiteboard_crdt.board import Board
from whiteboard_crdt.errors import UpdateRefused
from whiteboard_crdt.ids import BOARD, STAGE, DocRef, PageId, SessionId
from whiteboard_crdt.policy import Ledger, missing_base
from whiteboard_crdt.shape import Page, Shape
from whiteboard_crdt.stage import Stage
from whiteboard_crdt.yupdate import Scan, scan_update

_NOBODY = SessionId("0" * 16)


@dataclass(slots=True)
class _Document:
    doc: Doc[Any]
    ledger: Ledger = field(default_factory=Ledger)

    def apply(self, updates: Sequence[bytes]) -> int:
        """Apply in one transaction those that are sound; returns how many were not."""
        refused = 0
        with self.doc.transaction():
            for update in updates:
                try:
                    scan = scan_update(update)
                except UpdateRefused:
                    refused += 1
                    continue
                if not self._follows(scan) or missing_base(scan, self.ledger):
                    refused += 1
                    continue
                self.doc.apply_update(update)
                self.ledger.note(scan)
        return refused

    def _follows(self, scan: Scan) -> bool:
        held = self.ledger.held
        return (
            not scan.gc
            and not scan.skip
            and all(ranges[0][0] <= held.get(client, 0) for client, ranges in scan.structs.items())
        )


@dataclass(slots=True)
class Changes:
    """What a batch of updates changed. `shapes`: ids of the board; `pages`, `stage`: whether anything there did."""

    shapes: set[str] = field(default_factory=set)
    pages: bool = False
    stage: bool = False


class BoardState:
    """Board and stage, fed in order of arrival."""

    def __init__(self, unseen: Set[str] = frozenset()) -> None:
        """`unseen`: sessions whose shapes count as not there. Their updates are taken in: others' build on them."""
        self._unseen = unseen
        self._documents = {BOARD: _Document(Doc()), STAGE: _Document(Doc())}
        board, stage = self._documents[BOARD].doc, self._documents[STAGE].doc
        self._board = Board(board, _NOBODY)
        self._stage = Stage(stage)
        self._changes = Changes()
        self._bound: dict[str, tuple[str, str]] = {}
        self.refused = 0
        # Kept: pycrdt ends an observation with its handle.
        self._watched = (
            board.get("shapes", type=Map).observe_deep(self._note_shapes),
            board.get("pages", type=Map).observe_deep(self._note_pages),
            stage.get("stage", type=Map).observe(self._note_stage),
        )

    def apply(self, updates: Sequence[tuple[DocRef, bytes]]) -> Changes:
        """Take in what arrived; other documents are passed over."""
        for ref, document in self._documents.items():
            own = [update for doc, update in updates if doc == ref]
            if own:
                self.refused += document.apply(own)
        changes, self._changes = self._changes, Changes()
        changes.shapes |= self._followers(changes.shapes)
        return changes

    def _followers(self, changed: Set[str]) -> set[str]:
        """Lines that are bound to what changed: they follow it."""
        for identifier in changed:
            shape = self._board.shape(identifier)
            if shape is not None and (shape.start or shape.end):
                self._bound[identifier] = (shape.start, shape.end)
        return {line for line, ends in self._bound.items() if not changed.isdisjoint(ends)}

    @property
    def page(self) -> PageId:
        """The page that the stage shows."""
        return self._stage.page

    def pages(self) -> list[Page]:
        """All pages in order."""
        return self._board.pages()

    def background(self, page: str) -> str:
        """The ruling of a page."""
        return next((entry.background for entry in self.pages() if entry.id == page), "plain")

    def shapes(self, page: str) -> list[Shape]:
        """What stands on a page, in painting order."""
        return [shape for shape in self._board.shapes(page) if shape.author not in self._unseen]

    def shape(self, identifier: str, page: str) -> Shape | None:
        """A shape if it stands on that page and is not erased."""
        shape = self._board.shape(identifier)
        if shape is None or shape.page != page or shape.erased or shape.author in self._unseen:
            return None
        return shape

    def _note_shapes(self, events: list[Any]) -> None:
        # `Any`: events of maps and of texts.
        for event in events:
            path = event.path
            if path:
                self._changes.shapes.add(str(path[0]))
            elif isinstance(event, MapEvent):
                self._changes.shapes.update(event.keys)  # type: ignore[attr-defined]

    def _note_pages(self, _events: list[Any]) -> None:
        self._changes.pages = True

    def _note_stage(self, _event: MapEvent) -> None:
        self._changes.stage = True
