"""Vectors of the rules of section P: what an update may do."""

from __future__ import annotations

from typing import Any

from tests.vectors.fixtures import CLIENT, OTHER_CLIENT, OTHER_SESSION, SESSION, ticket
from tests.vectors.ybytes import ANY_TRUE, CHILD_MAP, MAP, beside, block, child, deleted, number, rooted, string, update
from whiteboard_crdt.errors import UpdateRefused
from whiteboard_crdt.ids import BOARD, CHAT, Capability, DocRef, Role
from whiteboard_crdt.policy import Ledger, check_update, missing_base
from whiteboard_crdt.spec import LIMITS, SNAPSHOT_LIMITS
from whiteboard_crdt.ticket import Ticket
from whiteboard_crdt.yupdate import scan_update


def _judge(doc: DocRef, author: Ticket, before: list[bytes], data: bytes) -> str:
    ledger = Ledger()
    for earlier in before:
        ledger.note(scan_update(earlier, SNAPSHOT_LIMITS))
    try:
        scan = scan_update(data)
        if missing_base(scan, ledger):
            return "wait"
        check_update(scan, doc, author, ledger)
    except UpdateRefused as refusal:
        return refusal.rule
    return "ok"


def policy() -> list[dict[str, Any]]:
    """`policy.json`."""
    shape = rooted("shapes", f"{SESSION}-1", **MAP)
    theirs = update(block(OTHER_CLIENT, 0, rooted("shapes", f"{OTHER_SESSION}-1", **MAP), child(OTHER_CLIENT, 0, "x")))
    mine = update(block(CLIENT, 0, shape, child(CLIENT, 0, "x")))
    anna, stage, desk, other_desk = ticket(), DocRef.parse("stage"), DocRef.desk("anna"), DocRef.desk("bert")
    tutor = ticket(user="tara", role=Role.TUTOR)
    only_chat = ticket(caps=frozenset({Capability.CHAT}))
    only_desk = ticket(caps=frozenset({Capability.DESK}))
    no_desk = ticket(caps=frozenset(Capability) - {Capability.DESK})
    tutor_no_desk = ticket(user="tara", role=Role.TUTOR, caps=frozenset(Capability) - {Capability.DESK})
    meta = update(block(CLIENT, 0, rooted("meta", "title")))
    on_stage = update(block(CLIENT, 0, rooted("stage", "state")))
    message = update(block(CLIENT, 0, rooted("messages", f"{SESSION}-1")))
    many = LIMITS.max_foreign_deletes
    long_text = update(
        block(
            OTHER_CLIENT,
            0,
            rooted("shapes", f"{OTHER_SESSION}-1", **MAP),
            child(OTHER_CLIENT, 0, "text", b"\x27", b"\x02"),
            b"\x04\x00" + number(OTHER_CLIENT) + number(1) + string("a" * 6000),
        )
    )
    chain = [rooted("meta", "k", **MAP)] + [child(CLIENT, depth, "k", **CHILD_MAP) for depth in range(20)]
    emoji = update(
        block(
            OTHER_CLIENT,
            0,
            rooted("shapes", f"{OTHER_SESSION}-1", **MAP),
            child(OTHER_CLIENT, 0, "text", b"\x27", b"\x02"),
            b"\x04\x00" + number(OTHER_CLIENT) + number(1) + string("a\U0001f600b"),
        )
    )
    pair = b"\xc4" + number(OTHER_CLIENT)
    cases: list[tuple[str, DocRef, Ticket, list[bytes], bytes]] = [
        ("a shape", BOARD, anna, [], mine),
        ("a shape beside another's", BOARD, anna, [theirs], mine),
        ("nothing at all", BOARD, anna, [], b"\x00\x00"),
        ("malformed", BOARD, anna, [], b"\x01"),
        ("as another client", BOARD, anna, [], theirs),
        ("gc", BOARD, anna, [], update(block(CLIENT, 0, b"\x00\x05"))),
        ("skip", BOARD, anna, [], update(block(CLIENT, 0, shape, b"\x0a\x02", shape))),
        (
            "json text",
            BOARD,
            anna,
            [],
            update(block(CLIENT, 0, b"\x25\x01" + string("meta") + string("k") + string("1"))),
        ),
        ("clocks leave a gap", BOARD, anna, [mine], update(block(CLIENT, 3, rooted("meta", "k")))),
        ("clocks again", BOARD, anna, [mine], mine),
        ("clocks follow on", BOARD, anna, [mine], update(block(CLIENT, 2, child(CLIENT, 0, "y")))),
        (
            "builds on a shape that is there",
            BOARD,
            anna,
            [theirs],
            update(block(CLIENT, 0, child(OTHER_CLIENT, 0, "y"))),
        ),
        ("builds on a shape to come", BOARD, anna, [], update(block(CLIENT, 0, child(OTHER_CLIENT, 0, "y")))),
        ("builds on a clock to come", BOARD, anna, [theirs], update(block(CLIENT, 0, child(OTHER_CLIENT, 2, "y")))),
        (
            "overwrites another's field",
            BOARD,
            anna,
            [theirs],
            update(block(CLIENT, 0, beside(OTHER_CLIENT, 1)), deletes=deleted((OTHER_CLIENT, [(1, 1)]))),
        ),
        (
            "deletes what is to come of another",
            BOARD,
            anna,
            [theirs],
            update(deletes=deleted((OTHER_CLIENT, [(1, 2)]))),
        ),
        ("deletes of an unknown client", BOARD, anna, [], update(deletes=deleted((9, [(0, 1)])))),
        ("deletes its own", BOARD, anna, [mine], update(deletes=deleted((CLIENT, [(1, 1)])))),
        (
            "deletes its own future",
            BOARD,
            anna,
            [mine],
            update(block(CLIENT, 2, child(CLIENT, 0, "y")), deletes=deleted((CLIENT, [(2, 2)]))),
        ),
        (
            "deletes what it brings",
            BOARD,
            anna,
            [mine],
            update(block(CLIENT, 2, child(CLIENT, 0, "y")), deletes=deleted((CLIENT, [(2, 1)]))),
        ),
        ("deletes 4,096 of others", BOARD, anna, [long_text], update(deletes=deleted((OTHER_CLIENT, [(2, many)])))),
        ("deletes 4,097 of others", BOARD, anna, [long_text], update(deletes=deleted((OTHER_CLIENT, [(2, many + 1)])))),
        ("deletes in a chat", CHAT, anna, [message], update(deletes=deleted((CLIENT, [(0, 1)])))),
        ("unknown root", BOARD, anna, [], update(block(CLIENT, 0, rooted("other", "k")))),
        ("root of another document", BOARD, anna, [], on_stage),
        ("root without key", BOARD, anna, [], update(block(CLIENT, 0, b"\x08\x01" + string("meta") + ANY_TRUE))),
        (
            "key of another author",
            BOARD,
            anna,
            [],
            update(block(CLIENT, 0, rooted("shapes", f"{OTHER_SESSION}-2", **MAP))),
        ),
        ("key without hyphen", BOARD, anna, [], update(block(CLIENT, 0, rooted("shapes", SESSION, **MAP)))),
        (
            "two values under a key",
            BOARD,
            anna,
            [],
            update(block(CLIENT, 0, rooted("shapes", f"{SESSION}-1", value=b"\x02\x78\x79"))),
        ),
        ("replaces another's shape", BOARD, anna, [theirs], update(block(CLIENT, 0, beside(OTHER_CLIENT, 0)))),
        (
            "replaces another's shape from the right",
            BOARD,
            anna,
            [theirs],
            update(block(CLIENT, 0, beside(OTHER_CLIENT, 0, b"\x48"))),
        ),
        ("replaces its own shape", BOARD, anna, [mine], update(block(CLIENT, 2, beside(CLIENT, 0)))),
        ("replaces its own shape at once", BOARD, anna, [], update(block(CLIENT, 0, shape, beside(CLIENT, 0)))),
        (
            "replaces a message",
            CHAT,
            anna,
            [update(block(OTHER_CLIENT, 0, rooted("messages", f"{OTHER_SESSION}-1")))],
            update(block(CLIENT, 0, beside(OTHER_CLIENT, 0))),
        ),
        (
            "rewrites a page's title",
            BOARD,
            anna,
            [update(block(OTHER_CLIENT, 0, rooted("meta", "title")))],
            update(block(CLIENT, 0, beside(OTHER_CLIENT, 0))),
        ),
        ("16 nested types", BOARD, anna, [], update(block(CLIENT, 0, *chain[:16]))),
        ("17 nested types", BOARD, anna, [], update(block(CLIENT, 0, *chain[:17]))),
        (
            "17 nested types in two steps",
            BOARD,
            anna,
            [update(block(CLIENT, 0, *chain[:16]))],
            update(block(CLIENT, 16, chain[16])),
        ),
        ("type beside an item", BOARD, anna, [mine], update(block(CLIENT, 2, beside(CLIENT, 1, b"\x87", b"\x01")))),
        ("array", BOARD, anna, [], update(block(CLIENT, 0, rooted("meta", "k", b"\x27", b"\x00")))),
        (
            "empty text",
            BOARD,
            anna,
            [],
            update(block(CLIENT, 0, rooted("meta", "k", b"\x24", b"\x00"), rooted("meta", "l"))),
        ),
        ("put into what is no type", BOARD, anna, [theirs], update(block(CLIENT, 0, child(OTHER_CLIENT, 1, "y")))),
        ("put into its own field", BOARD, anna, [mine], update(block(CLIENT, 2, child(CLIENT, 1, "y")))),
        (
            "put into what came as garbage",
            BOARD,
            anna,
            [update(block(OTHER_CLIENT, 0, b"\x00\x05"))],
            update(block(CLIENT, 0, child(OTHER_CLIENT, 3, "y"))),
        ),
        (
            "text between two letters",
            BOARD,
            anna,
            [emoji],
            update(block(CLIENT, 0, pair + number(2) + number(OTHER_CLIENT) + number(3) + string("z"))),
        ),
        (
            "text between a letter and a field",
            BOARD,
            anna,
            [emoji],
            update(block(CLIENT, 0, pair + number(1) + number(OTHER_CLIENT) + number(2) + string("z"))),
        ),
        (
            "text before half a character",
            BOARD,
            anna,
            [emoji],
            update(block(CLIENT, 0, pair + number(3) + number(OTHER_CLIENT) + number(4) + string("z"))),
        ),
        (
            "text after half a character",
            BOARD,
            anna,
            [emoji],
            update(block(CLIENT, 0, b"\x84" + number(OTHER_CLIENT) + number(3) + string("z"))),
        ),
        (
            "text after a whole character",
            BOARD,
            anna,
            [emoji],
            update(block(CLIENT, 0, pair + number(4) + number(OTHER_CLIENT) + number(5) + string("z"))),
        ),
        ("deletes a whole character", BOARD, anna, [emoji], update(deletes=deleted((OTHER_CLIENT, [(3, 2)])))),
        (
            "deletes the first half of a character",
            BOARD,
            anna,
            [emoji],
            update(deletes=deleted((OTHER_CLIENT, [(2, 2)]))),
        ),
        (
            "deletes the second half of a character",
            BOARD,
            anna,
            [emoji],
            update(deletes=deleted((OTHER_CLIENT, [(4, 2)]))),
        ),
        ("board without the right", BOARD, only_chat, [], mine),
        ("chat with the right", CHAT, only_chat, [], message),
        ("chat", CHAT, anna, [], message),
        (
            "chat in the name of another",
            CHAT,
            anna,
            [],
            update(block(CLIENT, 0, rooted("messages", f"{OTHER_SESSION}-1"))),
        ),
        ("stage as a student", stage, anna, [], on_stage),
        ("stage as a tutor", stage, tutor, [], on_stage),
        (
            "stage as a tutor without the right",
            stage,
            ticket(role=Role.TUTOR, caps=frozenset({Capability.BOARD})),
            [],
            on_stage,
        ),
        ("own desk", desk, only_desk, [], mine),
        ("own desk where desks are off", desk, only_chat, [], mine),
        ("own desk with every right but that one", desk, no_desk, [], mine),
        ("a student's desk as staff where desks are off", desk, tutor_no_desk, [], mine),
        ("another's desk with nothing but that right", other_desk, only_desk, [], mine),
        ("another's desk", other_desk, anna, [], mine),
        ("a student's desk as staff", desk, tutor, [], mine),
        ("as recorder", BOARD, ticket(role=Role.RECORDER), [], meta),
        ("as reviewer", CHAT, ticket(role=Role.REVIEWER), [], message),
        ("as bot", BOARD, ticket(role=Role.BOT), [], meta),
    ]
    return [
        {
            "name": name,
            "doc": doc.text,
            "ticket": {
                "session": author.session,
                "client": author.client,
                "user": author.user,
                "role": author.role.value,
                "caps": sorted(author.caps),
            },
            "before": [earlier.hex() for earlier in before],
            "update": data.hex(),
            "result": _judge(doc, author, before, data),
        }
        for name, doc, author, before, data in cases
    ]
