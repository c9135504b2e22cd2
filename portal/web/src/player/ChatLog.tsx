import { MessageSquare } from 'lucide-preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Playback } from './playback';
import { stepsUntil } from './replay';
import { formatTime } from './times';
import './chatLog.css';
import { t } from '../ui/i18n';

/** The chat up to the clock's moment. A message leads to the moment it was written. */
export function ChatLog({ playback }: { playback: Playback }) {
  const list = useRef<HTMLOListElement>(null);
  const lines = playback.chat.value;
  const count = stepsUntil(lines, playback.shown_ms.value);
  const people = playback.people.value;

  useEffect(() => {
    const element = list.current;
    if (element && count > 0) {
      element.scrollTop = element.scrollHeight;
    }
  }, [count]);

  return (
    <section class="chat-log" aria-label={t('Chat of the lesson')}>
      {count === 0 ? (
        <p class="chat-log__empty">
          <MessageSquare class="icon" aria-hidden="true" />
          {lines.length === 0 ? t('Nobody wrote in this lesson.') : t('No messages up to this moment.')}
        </p>
      ) : (
        <ol class="chat-log__lines" ref={list}>
          {lines.slice(0, count).map((line) => {
            const person = people.find(({ sessions }) => sessions.includes(line.session));
            const at_ms = line.t_ms - playback.clock.start_ms;
            return (
              <li key={line.id}>
                <button type="button" class="chat-log__line" onClick={() => playback.seek(at_ms)}>
                  <span class="chat-log__head">
                    <span class="chat-log__dot" style={{ background: person?.colour ?? 'currentcolor' }} />
                    <span class="chat-log__name">{person?.name ?? t('Someone')}</span>
                    <time class="numbers">{formatTime(at_ms)}</time>
                  </span>
                  <span class="chat-log__text" dir="auto">
                    {line.text}
                  </span>
                </button>
              </li>
            );
          })}
        </ol>
      )}
    </section>
  );
}
