"""What a program can find of WCAG 2.2 AA in a page: axe-core in both themes, focus that can be seen, and motion."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from playwright.async_api import Page

__all__ = ["faults"]

_SCRIPT: Final = Path(__file__).resolve().parents[1] / "interop" / "node_modules" / "axe-core" / "axe.min.js"
# No page may hold up the rest.
_PAGE_TIMEOUT_S: Final = 20
_TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa")
# What colours decide; everything else is the same in the other theme.
_LOOKS: Final = (
    ("dark", {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}),
    ("light", {"type": "tag", "values": list(_TAGS)}),
)
# An open panel lies on the page, which was looked at before.
_AXE: Final = """async ([theme, runOnly]) => {
    document.documentElement.dataset.theme = theme;
    await new Promise(requestAnimationFrame);
    for (const each of document.getAnimations()) {
        if (Number.isFinite(each.effect?.getComputedTiming().endTime)) each.finish();
    }
    const open = [...document.querySelectorAll('dialog[open], .popover__panel')].at(-1);
    const { violations } = await axe.run(open ?? document, { resultTypes: ['violations'], runOnly });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) =>
        `${theme}: ${id} | ${node.target.join(' ')} | ` +
        `${node.any.concat(node.all, node.none)[0]?.message ?? node.failureSummary}`));
}"""
# Focus by a program is shown as the last input was a key. A panel closes when something outside is focused.
_FOCUS: Final = """() => {
    const parts = (each) => [each, each.parentElement, each.firstElementChild, each.nextElementSibling].filter(Boolean);
    const look = (each) => ['', '::before', '::after'].map((part) => {
        const style = getComputedStyle(each, part);
        return [style.outline, style.boxShadow, style.border, style.backgroundColor, style.stroke, style.strokeWidth];
    }).join();
    const open = [...document.querySelectorAll('dialog[open], .popover__panel')].at(-1);
    const controls = (open ?? document).querySelectorAll(
        'a[href], button, input, select, textarea, summary, [tabindex], [contenteditable=true]');
    const unseen = [];
    for (const each of controls) {
        if (each.tabIndex < 0 || each.matches(':disabled') || each.closest('[inert]')) continue;
        if (!each.checkVisibility({ visibilityProperty: true })) continue;
        document.activeElement?.blur();
        const around = parts(each);
        const before = around.map(look);
        each.focus({ preventScroll: true, focusVisible: true });
        const isSeen = document.activeElement === each && around.some((part, at) => look(part) !== before[at]);
        if (!isSeen) unseen.push(`no focus seen | ${each.outerHTML.slice(0, 120)}`);
    }
    document.activeElement?.blur();
    return unseen;
}"""
# For a person who asked for less motion; 0.01 ms is over before a frame.
_MOTION: Final = """() => {
    if (!matchMedia('(prefers-reduced-motion: reduce)').matches) return ['motion: the page was not asked for less'];
    const lasts = (words) => Math.max(...words.split(',').map((each) => parseFloat(each))) > 0.0001;
    return [...document.querySelectorAll('*')].filter((each) => ['', '::before', '::after'].some((part) => {
        const style = getComputedStyle(each, part);
        return (style.animationName !== 'none' && lasts(style.animationDuration)) || lasts(style.transitionDuration)
            || style.scrollBehavior === 'smooth';
    })).map((each) => `moves | ${each.outerHTML.slice(0, 120)}`);
}"""


async def faults(page: Page) -> list[str]:
    """What breaks a rule, one line each. The page must be of a context that asks for less motion; it is left light."""
    async with asyncio.timeout(_PAGE_TIMEOUT_S):
        if not await page.evaluate("'axe' in globalThis"):
            await page.evaluate(_SCRIPT.read_text(encoding="utf-8"))
        found: list[str] = []
        for look in _LOOKS:
            found += await page.evaluate(_AXE, look)
        found += await page.evaluate(_MOTION)
        # Tells the browser that keys are in use; it opens and closes nothing.
        await page.keyboard.press("Tab")
        found += await page.evaluate(_FOCUS)
    return found
