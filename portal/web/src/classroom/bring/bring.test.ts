import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Doc } from 'yjs';
import { HOME_BOX } from '../../board/camera';
import { Board } from '../../core/board';
import { asSessionId, MAIN_PAGE, type PageId } from '../../core/ids';
import { PortalError } from '../../net/portal';
import { Bringing } from './bringing';
import type { PageFrame } from './frames';
import type { OpenedPdf, PagesPortal } from './pagesPortal';
import { boxOnSheet, putPage } from './putPages';
import { addTemplatePage, TEMPLATES } from './templates';

const frame = (page: number, failure = ''): PageFrame => ({
  ...{ page, failure, words: 'three quarters', picture: new Uint8Array([page]) },
  ...(failure === '' ? { width: 1556, height: 2200 } : { width: 0, height: 0 }),
});

function board(): Board {
  const made = new Board(new Doc());
  made.setAuthor(asSessionId('00000000000000aa'));
  return made;
}

describe('a page of a PDF', () => {
  it.each([
    [1556, 2200],
    [3080, 1732],
    [2200, 2200],
    [20, 4000],
  ])('of %d × %d px fits onto the sheet in its own proportions', (width, height) => {
    const { x, y, w, h } = boxOnSheet(width, height);
    expect(w / h).toBeCloseTo(width / height, 5);
    expect(Math.min(x, y)).toBeGreaterThanOrEqual(20 - 1e-9);
    expect(x + w).toBeLessThanOrEqual(HOME_BOX.maxX - 20 + 1e-9);
    expect(y + h).toBeLessThanOrEqual(HOME_BOX.maxY - 20 + 1e-9);
  });

  it('is a page of the board with its locked picture, whose words can be found', async () => {
    const made = board();
    const later = made.addPage({ title: 'later' });
    const keepPicture = vi.fn(() => Promise.resolve('ab'.repeat(32)));
    const options = { board: made, keepPicture, now: () => 5, title: 'Fractions', after: MAIN_PAGE };
    const page = await putPage(frame(3), options);
    expect(made.pages().map(({ id, title }) => [id, title])).toEqual([
      [MAIN_PAGE, ''],
      [page, 'Fractions 3'],
      [later, 'later'],
    ]);
    const [shape] = made.shapes(page);
    expect(shape).toMatchObject({ type: 'image', locked: true, caption: 'Page 3 of Fractions. three quarters' });
  });
});

describe('bringing pages in', () => {
  let put: PageId[];
  let finished: { first: PageId | null; failures: readonly string[] } | null;
  let frames: () => AsyncGenerator<PageFrame, void, undefined>;
  const pdf: OpenedPdf = { import: 'i', pages: 30, most: 20 };

  function open(): Bringing {
    const portal: PagesPortal = {
      materials: () => Promise.reject(new PortalError(503, 'busy', 'Not now.')),
      picture: () => Promise.reject(new Error('none')),
      openMaterial: () => Promise.resolve(pdf),
      openFile: (file) =>
        file.name === 'bad.pdf'
          ? Promise.reject(new PortalError(400, 'locked', 'This PDF is locked with a password.'))
          : Promise.resolve(pdf),
      pages: (_pdf, _numbers, size) => (size === 'sheet' ? frames() : nothing()),
    };
    return new Bringing(portal, {
      put: (each) => {
        put.push(`p-${each.page}` as PageId);
        return Promise.resolve(`p-${each.page}` as PageId);
      },
      placePicture: () => Promise.resolve(),
      finished: (first, failures) => {
        finished = { first, failures };
      },
    });
  }
  async function* nothing(): AsyncGenerator<PageFrame, void, undefined> {}

  beforeEach(() => {
    put = [];
    finished = null;
  });

  it('says why a file cannot be used and lets one choose another', async () => {
    const bringing = open();
    await bringing.loadMaterials();
    expect([bringing.failure.value, bringing.materials.value]).toEqual(['Not now.', []]);
    await bringing.openFile(new File([], 'bad.pdf'));
    expect([bringing.failure.value, bringing.step.value.name]).toEqual([
      'This PDF is locked with a password.',
      'source',
    ]);
  });

  it('puts what could be drawn and tells what could not', async () => {
    const bringing = open();
    frames = async function* () {
      yield frame(2);
      yield frame(5, 'Page 5 is damaged.');
      yield frame(7);
    };
    await bringing.openFile(new File([], 'good.pdf'));
    for (const page of [7, 2, 5]) {
      bringing.toggle(page);
    }
    await bringing.bring();
    expect(put).toEqual(['p-2', 'p-7']);
    expect(finished).toEqual({ first: 'p-2', failures: ['Page 5 is damaged.'] });
  });

  it('that breaks off keeps what came, and the rest stays chosen', async () => {
    const bringing = open();
    frames = async function* () {
      yield frame(1);
      throw new PortalError(0, 'unreachable', 'The server does not answer.');
    };
    await bringing.openFile(new File([], 'good.pdf'));
    bringing.toggle(1);
    bringing.toggle(2);
    await bringing.bring();
    expect(put).toEqual(['p-1']);
    expect([bringing.step.value.name, [...bringing.chosen.value]]).toEqual(['choose', [2]]);
    bringing.chooseAll(true);
    expect(bringing.tooMany.value).toBe(true);
  });
});

it.each(TEMPLATES.map((template) => [template.id, template] as const))(
  'the template %s is a page that everybody can draw, inside the sheet, and goes with one undo',
  (_, template) => {
    const made = board();
    const page = addTemplatePage(made, template, MAIN_PAGE, 0);
    const shapes = made.shapes(page);
    expect(shapes).toHaveLength(template.things().length);
    for (const { x, y } of shapes) {
      expect(x >= 40 && x <= 1560 && y >= 40 && y <= 860).toBe(true);
    }
    made.undo();
    expect(made.shapes(page)).toEqual([]);
  },
);
