"""Mutated real updates are refused, or do no harm to the CRDT library."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from pycrdt import Doc

from tests.property.mutate import mutate
from tests.vectors.fixtures import OTHER_CLIENT, OTHER_SESSION, SESSION, ticket
from tests.whiteboard_crdt.room import NOW_MS
from tests.whiteboard_crdt.vectors import load
from whiteboard_crdt.board import Board
from whiteboard_crdt.chat import Chat
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ids import BOARD, CHAT
from whiteboard_crdt.policy import Ledger, check_update, missing_base
from whiteboard_crdt.spec import SNAPSHOT_LIMITS
from whiteboard_crdt.yupdate import scan_update

SEEDS = range(int(os.environ.get("CHALKMESH_SEEDS", "12")))
_YJS_FIRST = ("shape", "field", "text_shape", "text_append", "text_middle", "text_delete", "text_rewrite", "message")
_PYCRDT = list(load("pycrdt_source.json").items())
CHAINS: tuple[list[tuple[str, str]], ...] = (
    [(SESSION, load("yjs_source.json")[name]) for name in (*_YJS_FIRST, "values")]
    + [(OTHER_SESSION, load("yjs_source.json")["foreign_field"])],
    [(OTHER_SESSION if name.startswith("foreign") else SESSION, data) for name, data in _PYCRDT if name != "state"],
)


def _fresh(chain: list[tuple[str, str]], length: int) -> tuple[Doc[Any], Ledger]:
    doc: Doc[Any] = Doc(client_id=77)
    ledger = Ledger()
    for _, data in chain[:length]:
        doc.apply_update(bytes.fromhex(data))
        ledger.note(scan_update(bytes.fromhex(data), SNAPSHOT_LIMITS))
    return doc, ledger


def _live_with(doc: Doc[Any]) -> None:
    """What honest participants do with the document afterwards."""
    board = Board(doc, SESSION)
    board.pages()
    Chat(doc, SESSION).messages()
    for shape in board.shapes():
        board.edit_text(shape.id, "zz\U0001f600")
    board.move([shape.id for shape in board.shapes(erased=True)], 1, 1)
    board.add_text("main", 0, 0, "t", "red", 24, NOW_MS)
    again: Doc[Any] = Doc()
    again.apply_update(doc.get_update())
    assert [s.id for s in Board(again, SESSION).shapes()] == [s.id for s in board.shapes()]


@pytest.mark.parametrize("seed", SEEDS)
def test_accepted_mutations_leave_a_document_that_works_and_loads_P1(seed: int) -> None:
    rnd = random.Random(seed)
    accepted = 0
    for _ in range(60):
        chain = rnd.choice(CHAINS)
        length = rnd.randrange(len(chain))
        session, data = chain[length]
        author = ticket() if session == SESSION else ticket(session=OTHER_SESSION, client=OTHER_CLIENT)
        base, ledger = _fresh(chain, length)
        state = base.get_update()
        for _ in range(12):
            mutated = mutate(bytes.fromhex(data), rnd)
            replay = f"seed {seed}: {mutated.hex()} after {length} of chain {CHAINS.index(chain)}"
            try:
                scan = scan_update(mutated)
                if missing_base(scan, ledger):
                    continue
                check_update(scan, CHAT if "messages" in scan.roots else BOARD, author, ledger)
            except ProtocolError:
                continue
            accepted += 1
            doc: Doc[Any] = Doc(client_id=78)
            doc.apply_update(state)
            try:
                doc.apply_update(mutated)
                _live_with(doc)
            except BaseException as error:
                raise AssertionError(replay) from error
    assert accepted > 20
