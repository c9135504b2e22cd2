import { ArrowLeft, Film, Link2, Moon, Scissors, Sun } from 'lucide-preact';
import { useEffect, useState } from 'preact/hooks';
import { IconButton } from '../ui/IconButton';
import { locale, t } from '../ui/i18n';
import { LanguageMenu } from '../ui/LanguageMenu';
import { setTheme, theme } from '../ui/theme';
import { Continue } from './Continue';
import { Keep } from './Keep';
import type { Playback } from './playback';
import type { RecordingPortal } from './portalCalls';

/** Which lesson it is, and what can be taken along from it. */
export function PlayerBar({ playback, portal, csrf }: { playback: Playback; portal: RecordingPortal; csrf: string }) {
  const manifest = playback.manifest.value;
  const isDark = theme.value === 'dark';
  const date = manifest && manifest.started_at > 0 ? new Date(manifest.started_at) : null;
  return (
    <header class="player-bar">
      <a class="button button--quiet button--icon" href="/recordings" aria-label={t('All recordings')}>
        <ArrowLeft class="icon" aria-hidden="true" />
      </a>
      <div class="player-bar__lesson">
        <h1 class="player-bar__title">{manifest?.title ?? t('Recording')}</h1>
        {date && (
          <time class="player-bar__date" dateTime={date.toISOString()}>
            {date.toLocaleDateString(locale(), { weekday: 'short', day: 'numeric', month: 'long', year: 'numeric' })}
          </time>
        )}
      </div>
      {playback.isLive.value && (
        <span class="badge badge--attention">
          <span class="badge__dot" />
          {t('Still recording')}
        </span>
      )}
      {manifest?.isRedacted && (
        <span class="badge" data-testid="player-redacted">
          {t('Parts left out')}
        </span>
      )}
      <div class="player-bar__end">
        {manifest?.viewer.redacts && manifest.state === 'sealed' && <LeaveOut lesson={manifest.lesson} />}
        {manifest && <Continue playback={playback} portal={portal} />}
        {manifest && <CopyLink playback={playback} />}
        {manifest && <Files playback={playback} portal={portal} />}
        <IconButton
          label={isDark ? t('Light theme') : t('Dark theme')}
          tip="left"
          onPress={() => void setTheme(isDark ? 'light' : 'dark', csrf)}
        >
          {isDark ? <Sun class="icon" aria-hidden="true" /> : <Moon class="icon" aria-hidden="true" />}
        </IconButton>
        <LanguageMenu csrf={csrf} class="player-bar__language" />
      </div>
    </header>
  );
}

const COPIED_MS = 2_000;

function CopyLink({ playback }: { playback: Playback }) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    const timer = isCopied ? setTimeout(setCopied, COPIED_MS, false) : undefined;
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async (): Promise<void> => {
    const link = new URL(location.href);
    link.search = `?t=${Math.floor(playback.position_ms / 1_000)}`;
    try {
      await navigator.clipboard.writeText(link.href);
      setCopied(true);
    } catch (error) {
      // Without the right to the clipboard, the address bar carries the link instead.
      if (!(error instanceof DOMException || error instanceof TypeError)) {
        throw error;
      }
      history.replaceState(null, '', link);
    }
  };
  return (
    <IconButton
      label={isCopied ? t('Link copied') : t('Copy a link to this moment')}
      tip="bottom"
      testId="player-link"
      onPress={() => void copy()}
    >
      <Link2 class="icon" aria-hidden="true" />
    </IconButton>
  );
}

function LeaveOut({ lesson }: { lesson: string }) {
  const label = t('Leave something out of this recording');
  return (
    <a
      class="button button--quiet button--icon player-bar__redact"
      href={`/recordings/${encodeURIComponent(lesson)}/redactions`}
      aria-label={label}
      data-tip={label}
      data-tip-side="bottom"
      data-testid="player-redact"
    >
      <Scissors class="icon" aria-hidden="true" />
    </a>
  );
}

/** Until a lesson has its film, how far that is; then what can be taken along. */
function Files({ playback, portal }: { playback: Playback; portal: RecordingPortal }) {
  const manifest = playback.manifest.value;
  if (!manifest || manifest.state === 'recording') {
    return null;
  }
  const { filmProgress } = manifest;
  return (
    <>
      {!manifest.film && manifest.state === 'sealed' && (
        <span class="player-bar__making" role="status" data-testid="player-film-progress">
          <Film class="icon" aria-hidden="true" />
          <span class="player-bar__words">{t('Video file is being made')}</span>
          {filmProgress !== null && <span class="numbers">{Math.round(filmProgress * 100)} %</span>}
        </span>
      )}
      <Keep manifest={manifest} portal={portal} />
    </>
  );
}
