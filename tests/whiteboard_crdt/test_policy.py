from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Doc

from tests.vectors.fixtures import ticket
from tests.vectors.ybytes import ANY_TRUE, MAP, block, child, deleted, rooted, update
from tests.whiteboard_crdt.vectors import cases, load
from whiteboard_crdt.errors import CloseCode, UpdateRefused
from whiteboard_crdt.ids import BOARD, Capability, ClientId, DocRef, Role, SessionId
from whiteboard_crdt.places import UNKNOWN
from whiteboard_crdt.policy import Ledger, check_snapshot, check_update, check_writer, missing_base, needed_clocks
from whiteboard_crdt.spec import SNAPSHOT_LIMITS
from whiteboard_crdt.yupdate import scan_update


@pytest.mark.parametrize("case", cases("policy.json"), ids=lambda case: case["name"])
def test_rules_P(case: dict[str, Any]) -> None:
    ledger = Ledger()
    for earlier in case["before"]:
        ledger.note(scan_update(bytes.fromhex(earlier), SNAPSHOT_LIMITS))
    claims = case["ticket"]
    author = ticket(
        SessionId(claims["session"]),
        ClientId(claims["client"]),
        claims["user"],
        Role(claims["role"]),
        frozenset(Capability(cap) for cap in claims["caps"]),
    )
    try:
        scan = scan_update(bytes.fromhex(case["update"]))
        if missing_base(scan, ledger):
            result = "wait"
        else:
            check_update(scan, DocRef.parse(case["doc"]), author, ledger)
            result = "ok"
    except UpdateRefused as refusal:
        result = refusal.rule
    assert result == case["result"]


def test_writing_where_one_may_not_has_its_own_code_P7() -> None:
    with pytest.raises(UpdateRefused) as caught:
        check_writer(BOARD, ticket(role=Role.REVIEWER))
    assert (caught.value.rule, caught.value.code) == ("P7", CloseCode.NOT_ALLOWED)


def test_needed_clocks_are_those_of_references_and_deletes_E7() -> None:
    scan = scan_update(update(block(1, 0, child(2, 4, "k")), deletes=deleted((2, [(1, 2)]), (3, [(0, 1), (7, 2)]))))
    assert needed_clocks(scan) == {2: 5, 3: 9}


def _snapshot(*blocks: bytes, deletes: bytes = b"\x00", held: dict[int, int] | None = None) -> None:
    check_snapshot(scan_update(update(*blocks, deletes=deletes), SNAPSHOT_LIMITS), Ledger(held=held or {}))


def test_snapshot_of_many_clients_with_garbage_is_fine_P8() -> None:
    shape, garbage = block(1, 0, rooted("shapes", "x", **MAP)), block(2, 0, b"\x00\x07", child(1, 0, "k"))
    _snapshot(shape, garbage, deletes=deleted((2, [(0, 7)])))
    _snapshot(block(1, 3, rooted("meta", "k")), held={1: 3})


@pytest.mark.parametrize(
    ("blocks", "deletes"),
    [
        ((block(1, 0, rooted("meta", "k"), b"\x0a\x05", rooted("meta", "k")),), b"\x00"),
        ((block(1, 3, rooted("meta", "k")),), b"\x00"),
        ((block(1, 0, child(2, 4, "k")),), b"\x00"),
        ((block(1, 0, b"\x88\x02\x00" + ANY_TRUE),), b"\x00"),
        ((block(1, 0, rooted("meta", "k")),), deleted((1, [(0, 2)]))),
    ],
)
def test_snapshot_with_holes_is_refused_P8(blocks: tuple[bytes, ...], deletes: bytes) -> None:
    with pytest.raises(UpdateRefused) as caught:
        _snapshot(*blocks, deletes=deletes)
    assert caught.value.rule == "P8"


@pytest.mark.parametrize("chain", ["pycrdt", "yjs"])
def test_ledger_of_a_snapshot_judges_as_the_ledger_of_its_updates_P1_P6(chain: str) -> None:
    """Whoever joined by a snapshot refuses the same as those who saw every envelope."""
    doc: Doc[Any] = Doc()
    stepwise, whole = Ledger(), Ledger()
    for name, data in load(f"{chain}_source.json").items():
        if name in ("state", "subdocument", "foreign_overwrite") or name.startswith("merged"):
            continue
        update_bytes = bytes.fromhex(data)
        doc.apply_update(update_bytes)
        stepwise.note(scan_update(update_bytes, SNAPSHOT_LIMITS))
    whole.note(scan_update(doc.get_update(), SNAPSHOT_LIMITS))
    assert whole.held == stepwise.held
    assert whole.authored == stepwise.authored
    for client, clocks in stepwise.held.items():
        for clock in range(clocks):
            item = (client, clock)
            if not whole.is_gone(item):
                assert whole.depth(item) == stepwise.depth(item)
                assert (item in whole.halves) == (item in stepwise.halves)
                if whole.places.of(item) != UNKNOWN:
                    assert whole.places.of(item) == stepwise.places.of(item)
