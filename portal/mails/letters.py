"""The words of the mails. No password is ever in one, and the Welcome Letter holds no link that opens an account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from portal.mails.outbox import Letter

# Each stands for an address that is made at the moment of sending and stored nowhere.
LINK = "{link}"
ROSTER_LINK = "{roster-link}"


@dataclass(frozen=True, slots=True)
class Recipient:
    """To whom a mail goes."""

    user: str
    name: str
    address: str


def credentials_letter(school: str, school_name: str, to: Recipient, login: str, link: str) -> Letter:
    """How to sign in for the first time. Once per person and link."""
    body = f"""Hello {to.name},

{school_name} has made an account for you at Chalkmesh, where your online lessons are.

Your user name: {login}

Choose your password here. The link works once, for 14 days:
{LINK}

If the link is too old, ask your school's coordinator for a new one. Nobody will ever ask you for your password.
"""
    return Letter(
        f"credentials:{to.user}:{link}",
        "credentials",
        school,
        to.user,
        to.user,
        to.address,
        f"Your account at {school_name}",
        body,
        link,
    )


def welcome_letter(
    school: str,
    school_name: str,
    to: Recipient,
    student: Recipient,
    title: str,
    class_id: str,
    tutor: str,
    hours: Sequence[str],
    portal_url: str,
    orientation_url: str,
) -> Letter:
    """What a student who is placed and staffed needs to know; also for the point of contact. Once a class."""
    own = to.user == student.user
    opening = "your lessons are ready" if own else f"the lessons of {student.name} are ready"
    times = "\n".join(f"  {hour}" for hour in hours)
    orientation = f"\nA short film shows how a lesson works: {orientation_url}\n" if orientation_url else ""
    body = f"""Hello {to.name},

{opening}.

  {title}, with {tutor}
{times}

How to join
  Open {portal_url} in a current browser on a laptop or tablet, sign in, and press Join.
  The door opens 15 minutes before the lesson. Camera and microphone are tested before anybody sees you.
{orientation}
What we expect
  Be there on time and stay to the end: the minutes of every lesson are reported to {school_name}.
  If you cannot come, tell the school's coordinator before the lesson.

What helps
  A quiet place, headphones, and what you work on at school. Lessons can be watched again under Recordings.
"""
    return Letter(
        f"welcome:{class_id}:{student.user}:{to.user}",
        "welcome",
        school,
        to.user,
        student.user,
        to.address,
        f"Welcome: {title}",
        body,
    )


def update_letter(
    school: str,
    school_name: str,
    to: Recipient,
    student: Recipient,
    update: str,
    title: str,
    monday: date,
    words: str,
    portal_url: str,
) -> Letter:
    """What the tutor wrote about a student's week, for guardians and points of contact. Once a reader."""
    body = f"""Hello {to.name},

this is how the week from {monday.isoformat()} went for {student.name} in {title}:

{words}

Grades, goals and minutes are on {student.name}'s report card: {portal_url}students/{student.user}/report
"""
    return Letter(
        f"update:{update}:{to.user}",
        "update",
        school,
        to.user,
        student.user,
        to.address,
        f"The week of {monday.isoformat()}: {title}",
        body,
    )


def roster_link_letter(school: str, school_name: str, to: Recipient, link: str) -> Letter:
    """Where the point of contact sends the school's roster in. Once a link."""
    body = f"""Hello {to.name},

please send in the roster of {school_name} here: a OneRoster zip, or a CSV. You need not sign in.
{ROSTER_LINK}

The address works for three days and for one file. Nothing changes before a coordinator has looked at what the file
would do. If you did not expect this mail, delete it: the coordinator can take the address back.
"""
    return Letter(
        f"roster-link:{link}",
        "roster-link",
        school,
        to.user,
        to.user,
        to.address,
        f"Send in the roster of {school_name}",
        body,
        link,
    )


def change_letter(
    school: str, to: Recipient, lesson: str, title: str, when: str, words: str, changed_ms: int
) -> Letter:
    """What has changed about one lesson, for whoever is in it. Once a change and person."""
    body = f"""Hello {to.name},

{words}

  {title}
  {when}
"""
    return Letter(
        f"change:{lesson}:{changed_ms}:{to.user}",
        "change",
        school,
        to.user,
        to.user,
        to.address,
        f"Changed: {title}, {when}",
        body,
    )


def reminder_letter(school: str, to: Recipient, appointment: str, title: str, when: str, portal_url: str) -> Letter:
    """That a lesson is near. Once an appointment and person."""
    body = f"""Hello {to.name},

your next lesson is near:

  {title}
  {when}

Open {portal_url} and press Join; the door opens 15 minutes before.
"""
    return Letter(
        f"reminder:{appointment}:{to.user}",
        "reminder",
        school,
        to.user,
        to.user,
        to.address,
        f"Tomorrow or today: {title}, {when}",
        body,
    )


def week_letter(
    school: str, school_name: str, to: Recipient, monday: date, figures: Mapping[str, int], portal_url: str
) -> Letter:
    """The week's attendance in sums, without a name, and where the report is. Once a week and person."""
    body = f"""Hello {to.name},

attendance at {school_name} in the week from {monday.isoformat()}:

  {figures["lessons"]} lessons, {figures["students"]} students, {figures["minutes"]} minutes
  {figures["absences"]} times a student did not come

By student, subject and date, also as CSV and PDF: {portal_url}attendance?week={monday.isoformat()}
Names stand there and not in this mail, since mail is not a safe place for them.
"""
    return Letter(
        f"week:{school}:{monday.isoformat()}:{to.user}",
        "week",
        school,
        to.user,
        to.user,
        to.address,
        f"Attendance, week of {monday.isoformat()}",
        body,
    )
