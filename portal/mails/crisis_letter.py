"""The mail that calls somebody to a crisis: which lesson and school, and where to say that one has it in hand."""

from portal.mails.letters import Recipient
from portal.mails.outbox import CRISIS, Letter


def crisis_letter(
    school: str, school_name: str, to: Recipient, alert: str, step: int, lesson_title: str, portal_url: str
) -> Letter:
    """Names lesson and school and no child, since mail is not a safe place for that. Once an alert and step."""
    body = f"""Hello {to.name},

somebody in a lesson has pressed the crisis button and needs help now:

  {lesson_title}
  {school_name}

Open {portal_url}alerts and press "I have it": the next person is called until somebody does.
"""
    return Letter(
        f"crisis:{alert}:{step}",
        CRISIS,
        school,
        to.user,
        to.user,
        to.address,
        f"Crisis alert: {lesson_title}",
        body,
    )
