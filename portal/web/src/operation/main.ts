/**
 * The page of whoever runs the service, looked at again every few seconds. The page itself is the portal's own and
 * works without this: here its newest copy only takes the place of the old one.
 */

const EVERY_MS = 5_000;
/** What a reader may be in the middle of, by its place in the page. */
const SCROLLED = '.table-scroll';

function places(within: ParentNode): Map<string, { left: number; top: number }> {
  return new Map(
    [...within.querySelectorAll(SCROLLED)].map((one) => [
      one.getAttribute('aria-label') ?? '',
      { left: one.scrollLeft, top: one.scrollTop },
    ]),
  );
}

function replace(old: Element, fresh: Element): void {
  const scrolled = places(old);
  const focused = old.contains(document.activeElement) ? document.activeElement?.getAttribute('aria-label') : null;
  // The one element that speaks stays, or a screen reader would hear of every look.
  for (const node of [...old.children]) if (node !== notice) node.remove();
  old.append(...[...fresh.children].filter(({ id }) => id !== notice.id));
  for (const box of old.querySelectorAll<HTMLElement>(SCROLLED)) {
    const label = box.getAttribute('aria-label') ?? '';
    box.scrollTo(scrolled.get(label) ?? { left: 0, top: 0 });
    if (label === focused) box.focus({ preventScroll: true });
  }
  notice.hidden = true;
}

async function look(page: Element): Promise<void> {
  try {
    const answer = await fetch(location.pathname, { credentials: 'same-origin' });
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('operation');
    // Logged out meanwhile: the log-in page says so better.
    if (answer.ok && fresh === null) location.reload();
    if (!answer.ok || fresh === null) throw new Error(`the portal answered ${answer.status}`);
    replace(page, fresh);
  } catch {
    // The portal is away: what stands here is old, and says so until the next look.
    notice.hidden = false;
  }
}

const page = document.getElementById('operation');
const notice = document.getElementById('operation-old') ?? document.createElement('p');
if (page) {
  setInterval(() => {
    if (!document.hidden) void look(page);
  }, EVERY_MS);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void look(page);
  });
}
