"""The mails about something that was written in the portal. They say where it stands, and never what it says."""

from portal.language import speaking, t
from portal.mails.letters import Recipient
from portal.mails.outbox import Letter


def dialogue_letter(
    school: str, school_name: str, to: Recipient, student: str, seen_ms: int, portal_url: str
) -> Letter:
    """That there is something new about a student. Once a reader between two looks, of which `seen_ms` is the last."""
    with speaking(to.language):
        subject = t("New message at {school}", school=school_name)
        body = t(
            "Hello {name},\n\nsomebody wrote about a student whom you are there for. Read and answer here:\n{link}\n",
            name=to.name,
            link=f"{portal_url}students/{student}/dialogue",
        )
    key = f"dialogue:{student}:{to.user}:{seen_ms}"
    return Letter(key, "dialogue", school, to.user, student, to.address, subject, body)


def question_letter(
    school: str,
    school_name: str,
    to: Recipient,
    about: str,
    question: str,
    answer: str,
    reference: str,
    portal_url: str,
) -> Letter:
    """That a question was answered. Once an answer. `about`: the student who asked, or whoever did."""
    with speaking(to.language):
        subject = t("Your question {reference} at {school}", reference=reference, school=school_name)
        body = t(
            "Hello {name},\n\nyour question {reference} has an answer. Sign in to read it:\n{link}\n",
            name=to.name,
            reference=reference,
            link=f"{portal_url}help#question-{question}",
        )
    return Letter(f"question:{answer}", "question", school, to.user, about, to.address, subject, body)
