/** The room's chat. There are no private messages: everyone in the lesson reads everything. */

import { SendHorizontal } from 'lucide-preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ChatMessage } from '../core/chat';
import { MAX_MESSAGE } from '../core/chat';
import { locale, t } from '../ui/i18n';
import type { RoomStore } from './store';

/** Messages of one person within this time stand under one name, ms. */
const GROUP_MS = 3 * 60_000;
/** Nearer to the end than this, new messages scroll into view, CSS px. */
const AT_END_PX = 60;

export function ChatPanel({ store, isShown }: { store: RoomStore; isShown: boolean }) {
  const messages = store.messages.value;
  const list = useRef<HTMLOListElement>(null);
  const isAtEnd = useRef(true);

  useLayoutEffect(() => {
    const element = list.current;
    if (element && isShown && isAtEnd.current) {
      element.scrollTop = element.scrollHeight;
    }
  }, [messages, isShown]);

  return (
    <div class="chat">
      <p class="chat__public small">{t('Everyone in this lesson sees this.')}</p>
      <div class="chat__log" role="log" aria-label={t('Messages')} aria-live="polite">
        <ol
          class="chat__list"
          ref={list}
          data-testid="chat-list"
          onScroll={(event) => {
            const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
            isAtEnd.current = scrollHeight - scrollTop - clientHeight < AT_END_PX;
          }}
        >
          {messages.length === 0 && <li class="chat__empty soft">{t('No messages yet. Say hello.')}</li>}
          {messages.map((message, i) => (
            <MessageRow key={message.id} store={store} message={message} before={messages[i - 1] ?? null} />
          ))}
        </ol>
      </div>
      <ChatField store={store} onSent={() => (isAtEnd.current = true)} />
    </div>
  );
}

interface MessageRowProps {
  store: RoomStore;
  message: ChatMessage;
  before: ChatMessage | null;
}

function MessageRow({ store, message, before }: MessageRowProps) {
  // Names come from tickets, which may arrive after the message.
  store.people.value;
  const isContinued = before?.author === message.author && message.at - before.at < GROUP_MS;
  const person = store.session.person(message.author);
  const isMine = person !== null && person.user === store.me.value?.user;
  const at = new Date(message.at);
  return (
    <li class={`message${isMine ? ' message--mine' : ''}${isContinued ? ' message--continued' : ''}`}>
      {!isContinued && (
        <p class="message__head">
          <span class="message__author" style={{ '--person': person?.colour ?? 'currentcolor' }}>
            {isMine ? t('You') : (person?.name ?? t('Someone'))}
          </span>
          <time dateTime={at.toISOString()}>
            {at.toLocaleTimeString(locale(), { hour: '2-digit', minute: '2-digit' })}
          </time>
        </p>
      )}
      <p class="message__text" dir="auto">
        {message.text}
      </p>
    </li>
  );
}

function ChatField({ store, onSent }: { store: RoomStore; onSent: () => void }) {
  const [text, setText] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  const isWritable = store.me.value !== null && store.session.chat.writable && store.state.value !== 'ended';

  useEffect(() => {
    const element = field.current;
    if (element && text === '') {
      element.style.height = '';
    } else if (element) {
      element.style.height = 'auto';
      element.style.height = `${Math.min(element.scrollHeight + 2, 120)}px`;
    }
  }, [text]);

  const send = (): void => {
    const words = text.trim();
    if (words !== '' && isWritable) {
      onSent();
      store.session.chat.post(words, store.now());
      setText('');
    }
  };
  return (
    <form
      class="chat__form"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        dir="auto"
        ref={field}
        class="input chat__input"
        aria-label={t('Message to everyone')}
        placeholder={store.state.value === 'ended' ? t('The lesson has ended') : t('Message to everyone')}
        data-testid="chat-input"
        rows={1}
        maxLength={MAX_MESSAGE}
        disabled={!isWritable}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
            event.preventDefault();
            send();
          }
        }}
      />
      <button
        type="submit"
        class="button button--primary button--icon"
        aria-label={t('Send')}
        data-testid="chat-send"
        disabled={!isWritable || text.trim() === ''}
      >
        <SendHorizontal class="icon" aria-hidden="true" />
      </button>
    </form>
  );
}
