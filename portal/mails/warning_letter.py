"""The mail of a warning: what kind of thing was found, and where it stands. It names nobody."""

from portal.mails.letters import Recipient
from portal.mails.outbox import Letter


def warning_letter(school: str, school_name: str, to: Recipient, matter: str, words: str, portal_url: str) -> Letter:
    """Once a matter and person. `matter`: what makes it one and the same."""
    body = f"""Hello {to.name},

Chalkmesh at {school_name} found something unusual:

  {words}

Who, when and what else is on the page of warnings: {portal_url}privacy/warnings
Names stand there and not in this mail. Please look at it and write down what you found.
"""
    return Letter(
        f"warning:{matter}:{to.user}",
        "warning",
        school,
        to.user,
        to.user,
        to.address,
        f"Please look: something unusual at {school_name}",
        body,
    )
