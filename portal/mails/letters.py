"""The words of the mails. No password is ever in one, and the Welcome Letter holds no link that opens an account."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.mails.outbox import Letter

LINK = "{link}"


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
