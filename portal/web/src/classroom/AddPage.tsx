/** A new page: blank at once, or beside it one of the templates, a PDF, the class's material. */

import { ChevronUp, FileUp, Plus } from 'lucide-preact';
import { IconButton } from '../ui/IconButton';
import { t } from '../ui/i18n';
import { Popover } from '../ui/Popover';
import { bringRequest } from './bring/request';
import { addTemplatePage, TEMPLATES } from './bring/templates';
import type { RoomStore } from './store';

export function AddPage({ store }: { store: RoomStore }) {
  const { board } = store.session;
  return (
    <div class="pages__add">
      <IconButton
        label={t('Add a page')}
        testId="page-add"
        class="button--quiet button--small"
        onPress={() => store.turnTo(board.addPage())}
      >
        <Plus class="icon" aria-hidden="true" />
      </IconButton>
      <Popover
        label={t('Pages to begin with')}
        side="above-start"
        testId="page-templates"
        button={{
          label: t('Templates, PDF and material'),
          testId: 'page-more',
          class: 'button--quiet button--small pages__more',
          children: <ChevronUp class="icon" aria-hidden="true" />,
        }}
      >
        <div class="add-page">
          <button
            type="button"
            class="button button--wide"
            data-testid="bring-pages"
            data-closes
            onClick={() => {
              bringRequest.value = 'choose';
            }}
          >
            <FileUp class="icon" aria-hidden="true" />
            {t('PDF or class material…')}
          </button>
          <h3 class="add-page__head">{t('A new page with…')}</h3>
          <ul class="add-page__list">
            {TEMPLATES.map((template) => (
              <li key={template.id}>
                <button
                  type="button"
                  class="look__option"
                  data-testid={`template-${template.id}`}
                  data-closes
                  onClick={() => store.turnTo(addTemplatePage(board, template, store.page.value, store.now()))}
                >
                  {t(template.name)}
                </button>
              </li>
            ))}
          </ul>
        </div>
      </Popover>
    </div>
  );
}
