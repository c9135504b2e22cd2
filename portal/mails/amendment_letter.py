"""The mails about a request to amend a record. They say that there is one, and never what it is about."""

from portal.mails.letters import Recipient
from portal.mails.outbox import Letter

_WORDS = {
    "asked": (
        "A request to amend a student's record",
        "somebody asks {school_name} to amend a student's record, and waits for your decision:",
    ),
    "decided": (
        "Your request to amend a record",
        "{school_name} has decided on your request to amend a record:",
    ),
}


def amendment_letter(
    school: str, school_name: str, to: Recipient, student: str, amendment: str, what: str, portal_url: str
) -> Letter:
    """Once a request, step (`what`: asked | decided) and person."""
    subject, words = _WORDS[what]
    body = f"""Hello {to.name},

{words.format(school_name=school_name)}
{portal_url}students/{student}/amendments
"""
    key = f"amendment:{amendment}:{what}:{to.user}"
    return Letter(key, "amendment", school, to.user, student, to.address, subject, body)
