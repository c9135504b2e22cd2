"""What a roster would change at a school: pure, from what is known and what the roster says."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from portal.roster.entries import Roster, RosterStudent
from portal.subjects import fold_subject


@dataclass(frozen=True, slots=True)
class KnownStudent:
    """A student of the school as the database has them. `wanted`: subject → kind of requests that stand."""

    user: str
    external_id: str
    given_name: str
    family_name: str
    grade: str
    email: str
    active: bool
    wanted: Mapping[str, str]
    placed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the diff. `what`: adds | changes | leaves | returns; `fields`: (name, before, after)."""

    what: str
    external_id: str
    name: str
    fields: tuple[tuple[str, str, str], ...] = ()
    asks: tuple[tuple[str, str], ...] = ()  # (subject, kind) of new requests
    withdraws: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes, and whom they leave as they are."""

    changes: tuple[Change, ...]
    unchanged: int
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """A fingerprint of the changes: what is applied is what was shown, or it is shown again."""
        return hashlib.sha256(msgspec.json.encode(self.changes)).hexdigest()


def make_plan(roster: Roster, known: Mapping[str, KnownStudent]) -> Plan:
    """The changes in the order of the roster; those who leave because a bulk roster lacks them come last."""
    changes: list[Change] = []
    unchanged = 0
    for student in roster.students.values():
        change = _change(student, known.get(student.external_id))
        if change is None:
            unchanged += 1
        else:
            changes.append(change)
    if roster.bulk:
        changes += [
            Change("leaves", each.external_id, f"{each.given_name} {each.family_name}")
            for each in known.values()
            if each.active and each.external_id not in roster.students
        ]
    counts = {what: sum(change.what == what for change in changes) for what in ("adds", "changes", "returns", "leaves")}
    counts["asks"] = sum(len(change.asks) for change in changes)
    counts["withdraws"] = sum(len(change.withdraws) for change in changes)
    return Plan(tuple(changes), unchanged, {**counts, "unchanged": unchanged})


def _change(student: RosterStudent, known: KnownStudent | None) -> Change | None:
    name = f"{student.given_name} {student.family_name}"
    if known is None:
        if not student.active or student.known_only:
            return None
        asks = tuple((subject, student.kind) for subject in _named(student).values())
        return Change("adds", student.external_id, name, asks=asks)
    if not student.active:
        return Change("leaves", student.external_id, name) if known.active else None
    fields = tuple(
        (words, before, after)
        for words, before, after in (
            ("given name", known.given_name, student.given_name),
            ("family name", known.family_name, student.family_name),
            ("grade", known.grade, student.grade),
            # An empty cell says nothing: an address that somebody entered by hand stays.
            ("email", known.email, student.email or known.email),
        )
        if before != after
    )
    asks, withdraws = _subjects(student, known)
    if not known.active:
        return Change("returns", student.external_id, name, fields, asks, withdraws)
    if not fields and not asks and not withdraws:
        return None
    return Change("changes", student.external_id, name, fields, asks, withdraws)


def _subjects(student: RosterStudent, known: KnownStudent) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    """New requests, and those that nobody asks for any more; a request that already has its class stays."""
    if student.subjects is None:
        return (), ()
    stands, named = {fold_subject(subject) for subject in known.wanted}, _named(student)
    asks = tuple((subject, student.kind) for folded, subject in named.items() if folded not in stands)
    over = (each for each in known.wanted if fold_subject(each) not in named and each not in known.placed)
    return asks, tuple(sorted(over))


def _named(student: RosterStudent) -> dict[str, str]:
    """The subjects that the file names for a student, each once, however often and in whatever letters."""
    return {fold_subject(subject): subject for subject in sorted(student.subjects or ())}
