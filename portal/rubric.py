"""What a reviewer looks at in a lesson, and which lessons come next. Pure."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

# Criterion → what is looked for.
RUBRIC: Mapping[str, str] = {
    "goal": "The goal of the lesson is said at the beginning and looked at again at the end",
    "explaining": "Explanations are correct, clear and fit the student",
    "student_work": "The student writes, speaks and thinks for more of the time than the tutor",
    "checking": "Understanding is checked, and what follows depends on it",
    "climate": "Patient, respectful, and safe for the student",
    "craft": "Board, sound and time are used well",
}
LEAST_SCORE, MOST_SCORE = 1, 4
SCORE_WORDS: Mapping[int, str] = {1: "Not yet", 2: "Partly", 3: "Well", 4: "Exemplary"}
WELL, BETTER = "well", "better"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A recorded lesson that could be reviewed; `tutor`: an id."""

    lesson: str
    tutor: str


def sample(candidates: Collection[Candidate], reviewed: Mapping[str, int], most: int) -> list[Candidate]:
    """The next lessons to review, those first whose tutor was reviewed least lately.

    `reviewed`: tutor → reviews finished lately. Within a tutor the order is by the hash of the lesson's id: it stays
    the same from day to day, and is neither the newest nor the tidiest lesson.
    """
    of_tutor: dict[str, list[Candidate]] = {}
    for candidate in sorted(candidates, key=_lot):
        of_tutor.setdefault(candidate.tutor, []).append(candidate)
    turns = [
        (reviewed.get(tutor, 0) + turn, _lot(candidate), candidate)
        for tutor, theirs in of_tutor.items()
        for turn, candidate in enumerate(theirs)
    ]
    return [candidate for _, _, candidate in sorted(turns, key=lambda entry: entry[:2])][:most]


def _lot(candidate: Candidate) -> bytes:
    return hashlib.sha256(f"review of {candidate.lesson}".encode()).digest()


def average(scores: Mapping[str, int]) -> float | None:
    """The mean of the criteria that were seen, or None."""
    seen: Sequence[int] = list(scores.values())
    return sum(seen) / len(seen) if seen else None
