"""In which language people read: portal/language.py, portal/reader_language.py, and the choice in the account."""

from datetime import date

import pytest
from markupsafe import Markup
from sqlalchemy import select

from portal.context import Portal
from portal.language import speaking, t, tn, tx, wished_language
from portal.mails.letters import Recipient, credentials_letter, update_letter
from portal.schema import users
from portal.times import format_day
from tests.portal.world import Browser


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("en;q=0.8, es;q=0.9", "es"),
        ("de, fr;q=0.5", None),
        ("es;q=0, en", "en"),
        ("es;q=much", None),
        ("", None),
        ("es," * 10_000, "es"),
    ],
)
def test_browser_says_which_language(header: str, language: str | None) -> None:
    assert wished_language(header) == language


def test_words_follow_the_language_and_fall_back_to_english() -> None:
    with speaking("es"):
        assert t("Sign in") == "Iniciar sesión"
        assert t("What nobody translated, {name}", name="Ada") == "What nobody translated, Ada"
        assert [tn(n, "{n} lesson", "{n} lessons") for n in (0, 1, 2_000)] == ["0 clases", "1 clase", "2,000 clases"]
        assert format_day(1_795_356_300_000, "America/New_York") == "domingo, 22 de noviembre"
        with speaking("xx"):
            assert t("Sign in") == "Sign in"
    assert format_day(1_795_356_300_000, "America/New_York") == "Sunday, 22 November"


def test_values_among_markup_are_escaped() -> None:
    with speaking("es"):
        assert tx("Hello {name}", name="<b>") == Markup("Hola, &lt;b&gt;")
        assert tx("Hello {name}", name=Markup("<b>A</b>")) == Markup("Hola, <b>A</b>")


async def test_pages_and_refusals_speak_as_the_browser_asks(browser: Browser) -> None:
    spanish = {"Accept-Language": "es-US,es;q=0.9"}
    page = await (await browser.get("/login", headers=spanish)).text()
    assert '<html lang="es"' in page
    assert "Inicia sesión en Chalkmesh" in page
    missing = await (await browser.get("/nowhere", headers=spanish)).text()
    assert "Aquí no hay nada" in missing
    assert (await (await browser.get("/api/lessons/none", headers=spanish)).json())["message"].startswith("Tu sesión")
    assert '<html lang="en"' in await (await browser.get("/login")).text()


async def test_the_choice_is_kept_with_the_account(browser: Browser, portal: Portal) -> None:
    await browser.log_in("student")
    chosen = await browser.submit("/language", {"language": "es", "next": "//evil.example"})
    assert (chosen.status, chosen.headers["Location"]) == (303, "/")
    async with portal.database.read() as connection:
        row = (await connection.execute(select(users.c.language).where(users.c.login == "student"))).one()
    assert row.language == "es"
    browser.client.session.cookie_jar.clear()
    await browser.log_in("student")
    assert '<html lang="es"' in await (await browser.get("/", headers={"Accept-Language": "en"})).text()


async def test_a_language_that_is_none_changes_nothing(browser: Browser, portal: Portal) -> None:
    await browser.log_in("student")
    await browser.submit("/language", {"language": "../es", "next": "/"})
    async with portal.database.read() as connection:
        row = (await connection.execute(select(users.c.language).where(users.c.login == "student"))).one()
    assert row.language is None
    assert '<html lang="en"' in await (await browser.get("/")).text()


def test_mails_are_in_the_language_of_their_reader() -> None:
    eva = Recipient("u", "Eva", "e@x.example", "es")
    made = credentials_letter("here", "Escuela", eva, "eva", "link-id")
    assert made.subject == "Su cuenta en Escuela"
    assert "Elija su contraseña aquí" in made.body
    assert "{link}" in made.body
    # What is written by people goes in as it is, braces and all.
    leo = Recipient("s", "Leo", "", None)
    update = update_letter("here", "Escuela", eva, leo, "id", "Math {name}", date(2026, 11, 23), "f({x})", "http://p/")
    assert "\nf({x})\n" in update.body
    assert "en Math {name} durante la semana" in update.body
