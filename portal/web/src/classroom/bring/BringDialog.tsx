/** Choosing a PDF or material, then its pages, and watching them arrive. */

import { FileText, Image, Upload } from 'lucide-preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { Dialog } from '../../ui/Dialog';
import { toast } from '../../ui/toasts';
import type { RoomStore } from '../store';
import { Bringing, type BringStep, type Thumbnail } from './bringing';
import type { PagesPortal } from './pagesPortal';
import { putPage } from './putPages';
import './bring.css';
import { t, tn } from '../../ui/i18n';

export interface BringDialogProps {
  store: RoomStore;
  portal: PagesPortal;
  /** Dropped onto the board: opened at once. */
  file: File | null;
  placePicture: (file: File) => Promise<void>;
  onClose: () => void;
}

export function BringDialog({ store, portal, file, placePicture, onClose }: BringDialogProps) {
  const bringing = useMemo(() => {
    const home = store.page.value;
    return new Bringing(portal, {
      placePicture,
      put: (frame, title, after) =>
        putPage(frame, {
          ...{ board: store.session.board, title, after: after ?? home },
          keepPicture: (data) => store.keepPicture(data),
          now: () => store.now(),
        }),
      finished: (first, failures) => {
        if (first) {
          store.turnTo(first);
        }
        if (failures.length > 0) {
          toast(
            failures.length === 1
              ? String(failures[0])
              : t('{sentence} So it was with {n} pages.', { sentence: failures[0] ?? '', n: failures.length }),
          );
        }
        onClose();
      },
    });
    // One go for each time that the dialog is opened.
  }, [portal]);
  useEffect(() => {
    void (file ? bringing.openFile(file) : bringing.loadMaterials());
    return () => bringing.close();
  }, [bringing, file]);

  const step = bringing.step.value;
  return (
    <Dialog title={titleOf(step)} onClose={onClose} actions={<Actions bringing={bringing} onClose={onClose} />}>
      {bringing.failure.value !== '' && (
        <p class="bring__failure" role="alert" data-testid="bring-failure">
          {bringing.failure.value}
        </p>
      )}
      {step.name === 'source' && <Source bringing={bringing} />}
      {step.name === 'opening' && <Working words={t('Opening “{title}”…', { title: step.title })} />}
      {step.name === 'choose' && <Choose bringing={bringing} step={step} />}
      {step.name === 'bringing' && (
        <Working
          words={t('Page {n} of {of}…', { n: Math.min(step.done + 1, step.of), of: step.of })}
          done={step.done}
          of={step.of}
        />
      )}
    </Dialog>
  );
}

function titleOf(step: BringStep): string {
  switch (step.name) {
    case 'source':
      return t('Bring in pages');
    case 'choose':
      return t('Which pages of “{title}”?', { title: step.title });
    default:
      return t('Bringing in pages');
  }
}

function Source({ bringing }: { bringing: Bringing }) {
  const field = useRef<HTMLInputElement>(null);
  const materials = bringing.materials.value;
  return (
    <>
      <button
        type="button"
        class="button button--primary button--wide"
        data-testid="bring-file-button"
        onClick={() => field.current?.click()}
      >
        <Upload class="icon" aria-hidden="true" />
        {t('Choose a PDF on this device')}
      </button>
      <input
        ref={field}
        type="file"
        accept="application/pdf,.pdf,image/png,image/jpeg,image/webp"
        hidden
        data-testid="bring-file"
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          event.currentTarget.value = '';
          if (file) {
            void bringing.openFile(file);
          }
        }}
      />
      <h3 class="bring__head">{t('Material of this class')}</h3>
      {materials === null && <Working words={t('Looking…')} />}
      {materials?.length === 0 && (
        <p class="soft small">{t('There is none yet. A class’s page in the portal is where it is kept.')}</p>
      )}
      {materials !== null && materials.length > 0 && (
        <ul class="bring__materials" data-testid="bring-materials">
          {materials.map((material) => (
            <li key={material.id}>
              <button type="button" class="bring__material" onClick={() => void bringing.openMaterial(material)}>
                {material.kind === 'pdf' ? (
                  <FileText class="icon" aria-hidden="true" />
                ) : (
                  <Image class="icon" aria-hidden="true" />
                )}
                <span class="bring__name">{material.title}</span>
                <span class="soft small">{material.kind === 'pdf' ? 'PDF' : t('Picture')}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Choose({ bringing, step }: { bringing: Bringing; step: BringStep & { name: 'choose' } }) {
  const { pages, most } = step.pdf;
  const chosen = bringing.chosen.value;
  const isAll = chosen.size === pages;
  return (
    <>
      <div class="bring__bar">
        <span role="status" data-testid="bring-count" data-wrong={bringing.tooMany.value}>
          {bringing.tooMany.value
            ? t('{n} chosen; at most {most} at once', { n: chosen.size, most })
            : t('{n} of {pages} chosen', { n: chosen.size, pages })}
        </span>
        <button type="button" class="button button--small" onClick={() => bringing.chooseAll(!isAll)}>
          {isAll ? t('Choose none') : t('Choose all')}
        </button>
      </div>
      <ol class="bring__pages">
        {Array.from({ length: pages }, (_, at) => at + 1).map((page) => (
          <li key={page}>
            <button
              type="button"
              class="bring__page"
              aria-pressed={chosen.has(page)}
              aria-label={t('Page {page}', { page })}
              data-testid={`bring-page-${page}`}
              onClick={() => bringing.toggle(page)}
            >
              <Picture thumbnail={bringing.thumbnails.value.get(page)} />
              <span>{page}</span>
            </button>
          </li>
        ))}
      </ol>
    </>
  );
}

function Picture({ thumbnail }: { thumbnail: Thumbnail | undefined }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const picture = thumbnail?.picture ?? null;
  useEffect(() => {
    if (canvas.current && picture) {
      canvas.current.width = picture.width;
      canvas.current.height = picture.height;
      canvas.current.getContext('2d')?.drawImage(picture, 0, 0);
    }
  }, [picture]);
  if (thumbnail && thumbnail.failure !== '') {
    return <span class="bring__picture bring__picture--none">{t('Cannot be drawn')}</span>;
  }
  return <span class="bring__picture">{picture && <canvas ref={canvas} />}</span>;
}

function Working({ words, done, of }: { words: string; done?: number; of?: number }) {
  return (
    <div class="bring__working" role="status">
      <span>{words}</span>
      <progress aria-label={words} {...(of === undefined ? {} : { value: done ?? 0, max: of })} />
    </div>
  );
}

function Actions({ bringing, onClose }: { bringing: Bringing; onClose: () => void }) {
  const step = bringing.step.value;
  const count = bringing.chosen.value.size;
  return (
    <>
      <button type="button" class="button" data-testid="bring-cancel" onClick={onClose}>
        {step.name === 'bringing' ? t('Stop here') : t('Cancel')}
      </button>
      {step.name === 'choose' && (
        <>
          <button type="button" class="button" onClick={() => bringing.back()}>
            {t('Another file')}
          </button>
          <button
            type="button"
            class="button button--primary"
            data-testid="bring-go"
            disabled={count === 0 || bringing.tooMany.value}
            onClick={() => void bringing.bring()}
          >
            {tn(count, 'Bring in {n} page', 'Bring in {n} pages')}
          </button>
        </>
      )}
    </>
  );
}
