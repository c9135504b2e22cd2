"""Hostile updates: what a modified client with a Yjs encoder of its own can put into an envelope that it signs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from signaling.client import Peer
from tests.attacks.front import Front
from tests.vectors.ybytes import ANY_TRUE, CHILD_MAP, MAP, beside, block, child, deleted, number, rooted, string, update
from whiteboard_crdt.errors import CloseCode
from whiteboard_crdt.ids import BOARD, CHAT, STAGE, Capability, DocRef, Role
from whiteboard_crdt.yupdate import scan_update

_REFUSED: Final = CloseCode.UPDATE_REFUSED
_NOT_ALLOWED: Final = CloseCode.NOT_ALLOWED


@dataclass(frozen=True)
class Target:
    """What an attacker knows of the room: client ids, and where Ann's work lies."""

    mine: int  # Mallory's client id
    ann: int
    prefix: str  # of Mallory's own keys
    ann_key: str
    shape: int  # clock of Ann's first shape
    second_shape: int
    half: int  # clock of the second half of a character in Ann's text
    held: int  # number of Ann's clocks

    @classmethod
    def of(cls, front: Front) -> Target:
        keys, halves, held = _annas(front.ann)
        session = front.mallory.session
        return cls(
            front.mallory.ticket.client, front.ann.client_id, f"{session}-", keys[0][0], keys[0][1], keys[1][1],
            halves, held,
        )  # fmt: skip


def _annas(ann: Peer) -> tuple[list[tuple[str, int]], int, int]:
    scans = [scan_update(e.update) for e in ann.replica.store.range(BOARD, ann.session, 1, 99)]
    keys = [(item.key, item.clock) for scan in scans for item in scan.root_keys if item.root == "shapes"]
    (half,) = {clock for scan in scans for _, clock in scan.halves}
    clock, length = scans[-1].structs[ann.client_id][-1]
    return keys, half, clock + length


@dataclass(frozen=True)
class Hostile:
    """`make` builds the update; `rule` is what refuses it."""

    name: str
    rule: str
    make: Callable[[Target], bytes]
    code: CloseCode = _REFUSED
    doc: DocRef = BOARD
    who: dict[str, Any] = field(default_factory=dict)  # options of School.person


# The parent and key of an item in `meta`.
_META_K: Final = string("meta") + string("k")


def _own(t: Target, root: str = "shapes", **content: bytes) -> bytes:
    return rooted(root, t.prefix + "1", **content)


def _plain(root: str, key: str = "k") -> Callable[[Target], bytes]:
    return lambda t: update(block(t.mine, 0, rooted(root, key)))


def _nested_values(t: Target) -> bytes:
    return update(block(t.mine, 0, _own(t, value=b"\x01" + b"\x75\x01" * 27_000 + b"\x7e")))


def _nested_types(t: Target) -> bytes:
    chain = [child(t.mine, i, "k", **CHILD_MAP) for i in range(17)]
    return update(block(t.mine, 0, _own(t, content=MAP["content"], value=MAP["value"]), *chain))


def _own_in_chat(t: Target) -> bytes:
    item = rooted("messages", t.prefix + "1")
    return update(block(t.mine, 0, item), deletes=deleted((t.mine, [(0, 1)])))


def _apart(t: Target) -> bytes:
    # Between a field of the stroke and a character of the text.
    return update(block(t.mine, 0, beside(t.ann, t.shape + 1, b"\xc8", number(t.ann) + number(t.half) + ANY_TRUE)))


_RECORDER: Final = {"role": Role.RECORDER}

HOSTILE: Final = (
    Hostile("writes_as_another_client", "P2", lambda t: update(block(t.ann, t.held, rooted("meta", "k")))),
    Hostile(
        "two_clients_in_one_update",
        "P1",
        lambda t: update(block(t.mine, 0, rooted("meta", "k")), block(t.mine + 1, 0, rooted("meta", "k"))),
    ),
    Hostile("clock_gap", "P3", lambda t: update(block(t.mine, 5, _own(t)))),
    Hostile("clock_near_the_top", "P1", lambda t: update(block(t.mine, 2**31 - 1, _own(t)))),
    Hostile("panic_bytes", "P1", lambda t: bytes.fromhex("01016fffffffff0f0401017402455600")),
    Hostile(
        "deletes_the_future",
        "P4",
        lambda t: update(block(t.mine, 0, _own(t)), deletes=deleted((t.mine, [(0, 1), (7, 3)]))),
    ),
    Hostile("deletes_in_chat", "P4", _own_in_chat, doc=CHAT),
    Hostile("key_of_another_author", "P6", lambda t: update(block(t.mine, 0, rooted("shapes", t.ann_key)))),
    Hostile(
        "message_under_anothers_key", "P6", lambda t: update(block(t.mine, 0, rooted("messages", t.ann_key))), doc=CHAT
    ),
    Hostile("overwrites_by_origin", "P6", lambda t: update(block(t.mine, 0, beside(t.ann, t.shape)))),
    Hostile("overwrites_by_right_origin", "P6", lambda t: update(block(t.mine, 0, beside(t.ann, t.shape, b"\x48")))),
    Hostile("two_values_under_a_key", "P6", lambda t: update(block(t.mine, 0, _own(t, value=b"\x02\x78\x78")))),
    Hostile("unknown_root", "P5", _plain("secrets")),
    Hostile("root_of_another_document", "P5", _plain("stage")),
    Hostile(
        "keyless_item_on_a_root", "P5", lambda t: update(block(t.mine, 0, b"\x08\x01" + string("meta") + ANY_TRUE))
    ),
    Hostile("shared_array", "P5", lambda t: update(block(t.mine, 0, _own(t, content=b"\x27", value=b"\x00")))),
    Hostile("xml_type", "P5", lambda t: update(block(t.mine, 0, _own(t, content=b"\x27", value=b"\x06")))),
    Hostile("stage_by_a_student", "P7", _plain("stage", "state"), _NOT_ALLOWED, STAGE),
    Hostile("desk_of_another", "P7", lambda t: update(block(t.mine, 0, _own(t))), _NOT_ALLOWED, DocRef.desk("ann")),
    Hostile(
        "board_without_the_right",
        "P7",
        lambda t: update(block(t.mine, 0, _own(t))),
        _NOT_ALLOWED,
        who={"caps": set(Capability) - {Capability.BOARD}},
    ),
    Hostile(
        "chat_without_the_right",
        "P7",
        lambda t: update(block(t.mine, 0, _own(t, root="messages"))),
        _NOT_ALLOWED,
        CHAT,
        who={"caps": set(Capability) - {Capability.CHAT}},
    ),
    Hostile(
        "recorder_writes", "P7", lambda t: update(block(t.mine, 0, _own(t))), _NOT_ALLOWED, who={"role": Role.RECORDER}
    ),
    Hostile(
        "reviewer_writes", "P7", lambda t: update(block(t.mine, 0, _own(t))), _NOT_ALLOWED, who={"role": Role.REVIEWER}
    ),
    Hostile("deeply_nested_values", "P1", _nested_values),
    Hostile("deeply_nested_types", "P1", _nested_types),
    Hostile("gc_struct", "P2", lambda t: update(block(t.mine, 0, b"\x00\x05", _own(t)))),
    Hostile("skip_struct", "P2", lambda t: update(block(t.mine, 0, b"\x0a\x05", _own(t)))),
    Hostile(
        "subdocument",
        "P1",
        lambda t: update(block(t.mine, 0, b"\x29\x01" + _META_K + string("guid") + b"\x76\x00")),
    ),
    Hostile("move", "P1", lambda t: update(block(t.mine, 0, b"\x2b\x01" + _META_K + b"\x00\x01\x00"))),
    Hostile(
        "json_text_content",
        "P2",
        lambda t: update(block(t.mine, 0, b"\x22\x01" + _META_K + b"\x01" + string("1"))),
    ),
    Hostile("empty_text_poison", "P2", lambda t: update(block(t.mine, 0, b"\x24\x01" + _META_K + b"\x00", _own(t)))),
    Hostile("half_a_character_deleted", "P1", lambda t: update(deletes=deleted((t.ann, [(t.half, 1)])))),
    Hostile(
        "item_between_the_halves",
        "P1",
        lambda t: update(block(t.mine, 0, beside(t.ann, t.half - 1, b"\x84", string("z")))),
    ),
    Hostile("put_into_what_is_no_type", "P1", lambda t: update(block(t.mine, 0, child(t.ann, t.shape + 1, "k")))),
    Hostile("neighbours_that_stand_apart", "P1", _apart),
    Hostile("refers_to_its_own_future", "P1", lambda t: update(block(t.mine, 0, child(t.mine, 9, "k")))),
    Hostile(
        "type_beside_another_item", "P1", lambda t: update(block(t.mine, 0, beside(t.ann, t.half, b"\x87", b"\x01")))
    ),
    Hostile("lying_count_of_clients", "P1", lambda t: b"\xff\xff\xff\x7f" + block(t.mine, 0, _own(t)) + b"\x00"),
    Hostile(
        "lying_count_of_structs", "P1", lambda t: b"\x01\xff\xff\x03" + number(t.mine) + b"\x00" + _own(t) + b"\x00"
    ),
    Hostile(
        "lying_length_of_bytes", "P1", lambda t: update(block(t.mine, 0, _own(t, value=b"\x01\x74\xff\xff\x03\x00")))
    ),
    Hostile("varint_not_canonical", "P1", lambda t: b"\x81\x00" + block(t.mine, 0, _own(t)) + b"\x00"),
    Hostile("bytes_left_over", "P1", lambda t: update(block(t.mine, 0, _own(t))) + b"\x00"),
    Hostile("ends_early", "P1", lambda t: update(block(t.mine, 0, _own(t)))[:-4]),
    Hostile(
        "text_with_a_lone_surrogate",
        "P1",
        lambda t: update(block(t.mine, 0, b"\x24\x01" + _META_K + b"\x03\xed\xa0\x80")),
    ),
    Hostile(
        "too_many_structs", "P1", lambda t: update(block(t.mine, 0, _own(t), *([b"\x84\x02\x00" + string("a")] * 8193)))
    ),
)
