"""The visual language in numbers: portal/web/src/styles."""

import re

import pytest

from portal.settings import STYLE_SOURCES

TOKENS = (STYLE_SOURCES / "tokens.css").read_text()


def block(pattern: str) -> dict[str, str]:
    found = re.search(pattern + r"\s*\{([^{}]*)\}", TOKENS)
    assert found is not None, pattern
    return dict(re.findall(r"(--[\w-]+):\s*([^;]+);", found[1]))


LIGHT = block(r"\n:root")
DARK = {**LIGHT, **block(r'\n:root\[data-theme="dark"\]')}

TEXT_PAIRS = [
    (text, ground)
    for text in ("ink", "ink-soft", "ink-faint")
    for ground in ("paper", "surface", "surface-raised", "surface-sunk")
] + [
    ("accent-ink", "accent-soft"),
    ("accent-ink", "paper"),
    ("accent-ink", "surface"),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("on-attention", "attention"),
    ("attention-ink", "attention-soft"),
    ("danger-ink", "danger-soft"),
    ("danger-ink", "surface"),
    ("on-danger", "danger"),
    ("on-danger", "danger-hover"),
    ("on-tile", "tile"),
    ("board-mark", "board-paper"),
]
# WCAG 1.4.11: what is needed to see a control or its focus.
SHAPE_PAIRS = [
    ("line-strong", "surface"),
    ("line-strong", "paper"),
    ("focus", "surface"),
    ("focus", "paper"),
    ("accent", "paper"),
    ("danger", "surface"),
]


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        assert re.fullmatch(r"#[0-9a-f]{6}", colour), colour
        channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("front", "ground", "least"), [(*pair, 4.5) for pair in TEXT_PAIRS] + [(*pair, 3.0) for pair in SHAPE_PAIRS]
)
def test_contrast_is_aa(theme: dict[str, str], front: str, ground: str, least: float) -> None:
    assert contrast(theme[f"--{front}"], theme[f"--{ground}"]) >= least


def test_both_copies_of_the_dark_theme_are_equal() -> None:
    by_choice = block(r'\n:root\[data-theme="dark"\]')
    by_device = block(r'prefers-color-scheme: dark\) \{\s*:root:not\(\[data-theme="light"\]\)')
    assert by_choice == by_device


def test_every_colour_of_the_light_theme_has_a_dark_one() -> None:
    def is_colour(value: str) -> bool:
        return value.startswith(("#", "rgb"))

    dark = block(r'\n:root\[data-theme="dark"\]')
    assert {name for name, value in LIGHT.items() if is_colour(value)} == {
        name for name, value in dark.items() if is_colour(value)
    }


def test_sheets_use_only_tokens_that_exist_and_no_colour_of_their_own() -> None:
    for sheet in STYLE_SOURCES.glob("*.css"):
        text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.S)
        assert set(re.findall(r"var\((--[\w-]+)\)", text)) <= set(LIGHT), sheet.name
        if sheet.name != "tokens.css":
            assert not re.findall(r":[^;{}]*#[0-9a-f]{3,8}\b", text), sheet.name


def test_main_sheet_imports_every_other() -> None:
    imported = set(re.findall(r'@import "\./([\w-]+\.css)"', (STYLE_SOURCES / "main.css").read_text()))
    assert imported == {sheet.name for sheet in STYLE_SOURCES.glob("*.css")} - {"main.css"}
