"""Grade books: categories, assignments and scores of a class, and changing them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor
from portal.grading import Assignment, Category, Score, Standing, standing
from portal.ids import new_id
from portal.learning_schema import assignments, grade_categories, scores
from portal.ledger import audit
from portal.schema import users


class GradeRefused(Exception):
    """The change is not possible; the message is for people."""


@dataclass(frozen=True, slots=True)
class GradeBook:
    """The grades of one class. `scores`: (assignment, student) → the newest score."""

    categories: Sequence[Category]
    assignments: Sequence[Assignment]
    scores: Mapping[tuple[str, str], Score]

    def of(self, student: str) -> Mapping[str, Score]:
        """One student's scores by assignment."""
        return {assignment: score for (assignment, whose), score in self.scores.items() if whose == student}

    def standing(self, student: str) -> Standing:
        """One student's averages."""
        return standing(self.categories, self.assignments, self.of(student))

    def assignment(self, assignment: str) -> Assignment | None:
        """The assignment of an id, if it is one of this class."""
        return next((each for each in self.assignments if each.id == assignment), None)


async def load_grade_book(connection: AsyncConnection, class_id: str) -> GradeBook:
    """The grade book of a class."""
    return (await load_grade_books(connection, [class_id]))[class_id]


async def load_grade_books(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, GradeBook]:
    """The grade books of classes, also of those that have none yet; by class."""
    kinds: dict[str, list[Category]] = {each: [] for each in ids}
    work: dict[str, list[Assignment]] = {each: [] for each in ids}
    found: dict[str, dict[tuple[str, str], Score]] = {each: {} for each in ids}
    for row in await connection.execute(
        select(grade_categories)
        .where(grade_categories.c["class"].in_(ids))
        .order_by(grade_categories.c.created_ms, grade_categories.c.name)
    ):
        kinds[row._mapping["class"]].append(Category(row.id, row.name, row.weight))
    class_of: dict[str, str] = {}
    for row in await connection.execute(
        select(assignments)
        .where(assignments.c["class"].in_(ids), assignments.c.removed_ms.is_(None))
        .order_by(assignments.c.day, assignments.c.created_ms)
    ):
        class_of[row.id] = row._mapping["class"]
        work[class_of[row.id]].append(Assignment(row.id, row.category, row.title, row.most_points, row.day.isoformat()))
    for row in await connection.execute(
        select(scores)
        .join(assignments, assignments.c.id == scores.c.assignment)
        .where(assignments.c["class"].in_(ids), assignments.c.removed_ms.is_(None))
        .order_by(scores.c.at_ms, scores.c.id)
    ):
        found[class_of[row.assignment]][row.assignment, row.student] = Score(row.state, row.points, row.comment)
    return {each: GradeBook(kinds[each], work[each], found[each]) for each in ids}


async def external_ids(connection: AsyncConnection, students: Collection[str]) -> Mapping[str, str]:
    """The school's own ids of students, where it has given them."""
    found = await connection.execute(
        select(users.c.id, users.c.external_id).where(users.c.id.in_(students), users.c.external_id.is_not(None))
    )
    return {row.id: row.external_id for row in found}


async def add_category(
    connection: AsyncConnection, actor: Actor, class_id: str, name: str, weight: int, now_ms: int
) -> None:
    """A new kind of work. Raises GradeRefused for a name that the class has already."""
    category = new_id()
    values = {"id": category, "class": class_id, "name": name, "weight": weight, "created_ms": now_ms}
    try:
        async with connection.begin_nested():
            await connection.execute(insert(grade_categories).values(values))
    except IntegrityError as error:
        raise GradeRefused("The class has a category of this name already.") from error
    await audit(connection, actor.user, "grades.category", "class", class_id, now_ms, {"category": category})


async def add_assignment(
    connection: AsyncConnection,
    actor: Actor,
    class_id: str,
    *,
    category: str,
    title: str,
    most_points: int,
    day: date,
    now_ms: int,
) -> str:
    """A new piece of work; returns its id. Raises GradeRefused for a category of another class."""
    known = select(grade_categories.c.id).where(
        grade_categories.c.id == category, grade_categories.c["class"] == class_id
    )
    if (await connection.execute(known)).first() is None:
        raise GradeRefused("Choose a category of this class.")
    assignment = new_id()
    values = {"id": assignment, "class": class_id, "category": category, "title": title, "most_points": most_points}
    await connection.execute(insert(assignments).values({**values, "day": day, "created_ms": now_ms}))
    await audit(connection, actor.user, "grades.assignment", "class", class_id, now_ms, {"assignment": assignment})
    return assignment


async def enter_scores(
    connection: AsyncConnection,
    actor: Actor,
    class_id: str,
    assignment: str,
    entered: Mapping[str, Score],
    now_ms: int,
) -> int:
    """Adds the scores that differ from what is there, by student; returns how many. What was before stays below."""
    book = await load_grade_book(connection, class_id)
    fresh = {student: score for student, score in entered.items() if book.scores.get((assignment, student)) != score}
    if not fresh:
        return 0
    await connection.execute(
        insert(scores),
        [
            {
                "id": new_id(),
                "assignment": assignment,
                "student": student,
                "state": score.state,
                "points": score.points,
                "comment": score.comment,
                "entered_by": actor.user,
                "at_ms": now_ms,
            }
            for student, score in fresh.items()
        ],
    )
    # Who and for what, not how many points: the row outlives the student's record.
    detail = {"assignment": assignment, "students": sorted(fresh)}
    await audit(connection, actor.user, "grades.enter", "class", class_id, now_ms, detail)
    return len(fresh)
