"""The words of the mails, each in the language of whoever it is for.

No password is ever in one, and the Welcome Letter holds no link that opens an account.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from portal.language import phrase, speaking, t
from portal.mails.outbox import Letter

# Each stands for an address that is made at the moment of sending and stored nowhere.
LINK = "{link}"
ROSTER_LINK = "{roster-link}"


_CREDENTIALS = phrase("""Hello {name},

{school} has made an account for you at Chalkmesh, where your online lessons are.

Your user name: {login}

Choose your password here. The link works once, for 14 days:
{link}

If the link is too old, ask your school's coordinator for a new one. Nobody will ever ask you for your password.
""")

_WELCOME = phrase("""Hello {name},

{opening}

  {title}, with {tutor}
{times}

How to join
  Open {portal} in a current browser on a laptop or tablet, sign in, and press Join.
  The door opens 15 minutes before the lesson. Camera and microphone are tested before anybody sees you.
{orientation}
What we expect
  Be there on time and stay to the end: the minutes of every lesson are reported to {school}.
  If you cannot come, tell the school's coordinator before the lesson.

What helps
  A quiet place, headphones, and what you work on at school. Lessons can be watched again under Recordings.
""")

_UPDATE = phrase("""Hello {name},

this is how the week from {monday} went for {student} in {title}:

{words}

Grades, goals and minutes are on {student}'s report card: {address}
""")

_CHANGE = phrase("""Hello {name},

{words}

  {title}
  {when}
""")

_REMINDER = phrase("""Hello {name},

your next lesson is near:

  {title}
  {when}

Open {portal} and press Join; the door opens 15 minutes before.
""")

_WEEK = phrase("""Hello {name},

attendance at {school} in the week from {monday}:

  {lessons} lessons, {students} students, {minutes} minutes
  {absences} times a student did not come

By student, subject and date, also as CSV and PDF: {address}
Names stand there and not in this mail, since mail is not a safe place for them.
""")


@dataclass(frozen=True, slots=True)
class Recipient:
    """To whom a mail goes, and in which language; None: English."""

    user: str
    name: str
    address: str
    language: str | None = None


def credentials_letter(school: str, school_name: str, to: Recipient, login: str, link: str) -> Letter:
    """How to sign in for the first time. Once per person and link."""
    with speaking(to.language):
        body = t(_CREDENTIALS, name=to.name, school=school_name, login=login, link=LINK)
        subject = t("Your account at {school}", school=school_name)
    return Letter(
        f"credentials:{to.user}:{link}",
        "credentials",
        school,
        to.user,
        to.user,
        to.address,
        subject,
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
    with speaking(to.language):
        own = to.user == student.user
        body = t(
            _WELCOME,
            name=to.name,
            opening=t("your lessons are ready.")
            if own
            else t("the lessons of {student} are ready.", student=student.name),
            title=title,
            tutor=tutor,
            times="\n".join(f"  {hour}" for hour in hours),
            portal=portal_url,
            orientation=t("\nA short film shows how a lesson works: {address}\n", address=orientation_url)
            if orientation_url
            else "",
            school=school_name,
        )
        subject = t("Welcome: {title}", title=title)
    return Letter(
        f"welcome:{class_id}:{student.user}:{to.user}",
        "welcome",
        school,
        to.user,
        student.user,
        to.address,
        subject,
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
    address = f"{portal_url}students/{student.user}/report"
    with speaking(to.language):
        body = t(
            _UPDATE,
            name=to.name,
            monday=monday.isoformat(),
            student=student.name,
            title=title,
            words=words,
            address=address,
        )
        subject = t("The week of {monday}: {title}", monday=monday.isoformat(), title=title)
    return Letter(
        f"update:{update}:{to.user}",
        "update",
        school,
        to.user,
        student.user,
        to.address,
        subject,
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
    with speaking(to.language):
        body = t(_CHANGE, name=to.name, words=words, title=title, when=when)
        subject = t("Changed: {title}, {when}", title=title, when=when)
    return Letter(
        f"change:{lesson}:{changed_ms}:{to.user}",
        "change",
        school,
        to.user,
        to.user,
        to.address,
        subject,
        body,
    )


def reminder_letter(school: str, to: Recipient, appointment: str, title: str, when: str, portal_url: str) -> Letter:
    """That a lesson is near. Once an appointment and person."""
    with speaking(to.language):
        body = t(_REMINDER, name=to.name, title=title, when=when, portal=portal_url)
        subject = t("Tomorrow or today: {title}, {when}", title=title, when=when)
    return Letter(
        f"reminder:{appointment}:{to.user}",
        "reminder",
        school,
        to.user,
        to.user,
        to.address,
        subject,
        body,
    )


def week_key(school: str, monday: date, user: str) -> str:
    """Under which the outbox has somebody's letter about a week."""
    return f"week:{school}:{monday.isoformat()}:{user}"


def week_letter(
    school: str, school_name: str, to: Recipient, monday: date, figures: Mapping[str, int], portal_url: str
) -> Letter:
    """The week's attendance in sums, without a name, and where the report is. Once a week and person."""
    address = f"{portal_url}attendance?week={monday.isoformat()}"
    with speaking(to.language):
        body = t(_WEEK, name=to.name, school=school_name, monday=monday.isoformat(), address=address, **figures)
        subject = t("Attendance, week of {monday}", monday=monday.isoformat())
    return Letter(
        week_key(school, monday, to.user),
        "week",
        school,
        to.user,
        to.user,
        to.address,
        subject,
        body,
    )
