/** The bar above the board: which lesson, in what state, for how long, and whether everything is safe. */

import { Cloud, CloudOff, LogOut, Moon, Sun, Users, Wifi, WifiOff } from 'lucide-preact';
import { IconButton } from '../ui/IconButton';
import { t, tn } from '../ui/i18n';
import { LanguageMenu } from '../ui/LanguageMenu';
import { setTheme, theme } from '../ui/theme';
import { CrisisButton } from './Crisis';
import { NetworkPanel } from './NetworkPanel';
import type { SaveState } from './room';
import type { RoomStore } from './store';
import { connectionWords, dropInWords, formatDuration, lessonWords, saveWords } from './words';

export interface TopBarProps {
  store: RoomStore;
  csrf: string;
  isPanelOpen: boolean;
  unread: number;
  onPanel: () => void;
  onStart: () => void;
  onEnd: () => void;
  onLeave: () => void;
  isStarting: boolean;
}

export function TopBar(props: TopBarProps) {
  const { store, csrf, unread } = props;
  const { info } = store.session;
  const isDark = theme.value === 'dark';
  const count = store.company.value.length;
  return (
    <header class="room-bar">
      <div class="room-bar__lesson">
        <h1 class="room-bar__title" title={info.title}>
          {info.title}
        </h1>
        <LessonState store={store} />
        <Timer store={store} />
      </div>
      <div class="room-bar__end">
        <SaveMark store={store} />
        {store.state.value !== 'ended' && <ConnectionMark store={store} />}
        <CrisisButton store={store} />
        <StaffButton {...props} />
        {info.demo && <NetworkPanel store={store} />}
        <IconButton
          label={
            unread > 0
              ? tn(unread, '{count} here, {n} new message', '{count} here, {n} new messages', { count })
              : t('{count} here', { count })
          }
          testId="panel-toggle"
          tip="bottom"
          class="button--quiet room-bar__people"
          expanded={props.isPanelOpen}
          onPress={props.onPanel}
        >
          <Users class="icon" aria-hidden="true" />
          <span class="room-bar__count" aria-hidden="true">
            {count}
          </span>
          {unread > 0 && <span class="room-bar__dot" aria-hidden="true" />}
        </IconButton>
        <IconButton
          label={isDark ? t('Light theme') : t('Dark theme')}
          testId="theme"
          tip="bottom"
          class="button--quiet room-bar__theme"
          onPress={() => void setTheme(isDark ? 'light' : 'dark', csrf)}
        >
          {isDark ? <Sun class="icon" aria-hidden="true" /> : <Moon class="icon" aria-hidden="true" />}
        </IconButton>
        <LanguageMenu csrf={csrf} class="room-bar__theme" />
        <IconButton label={t('Leave the lesson')} testId="leave" tip="left" onPress={props.onLeave}>
          <LogOut class="icon" aria-hidden="true" />
        </IconButton>
      </div>
    </header>
  );
}

function LessonState({ store }: { store: RoomStore }) {
  const isAway = store.connection.value.relay === 'online' && !store.isRecorderHere.value;
  const words = store.isDropIn.value
    ? dropInWords()
    : lessonWords(store.state.value, store.session.info.recording === 'off' ? null : !isAway);
  return (
    <span
      class={`state-chip state-chip--${words.tone}`}
      role="status"
      data-testid="lesson-state"
      data-state={store.state.value}
    >
      <span class="state-chip__dot" aria-hidden="true" />
      {words.text}
    </span>
  );
}

function Timer({ store }: { store: RoomStore }) {
  const startedMs = store.startedMs.value;
  if (store.state.value !== 'live' || startedMs === null) {
    return null;
  }
  return (
    <time class="room-bar__timer" role="timer" aria-label={t('Time since the start')} data-testid="timer">
      {formatDuration(store.clockMs.value - startedMs)}
    </time>
  );
}

function SaveMark({ store }: { store: RoomStore }) {
  // The room is closed after the end: being cut off then is no news, only unsaved work is.
  const isOver = store.state.value === 'ended' && store.save.value.unacked === 0;
  const state: SaveState = isOver ? { kind: 'saved', unacked: 0 } : store.save.value;
  const words = saveWords(state);
  const isOffline = state.kind === 'offline';
  return (
    <span
      class={`mark${isOffline ? ' mark--attention' : ''}`}
      role="status"
      title={words}
      data-testid="save-state"
      data-state={state.kind}
    >
      {isOffline ? <CloudOff class="icon" aria-hidden="true" /> : <Cloud class="icon" aria-hidden="true" />}
      <span class="mark__text">{words}</span>
    </span>
  );
}

function ConnectionMark({ store }: { store: RoomStore }) {
  const connection = store.connection.value;
  const words = connectionWords(connection);
  const isGood = connection.relay === 'online';
  // "Offline — 3 changes kept" beside it says it already.
  const isSaid = (isGood && connection.video !== 'paused') || store.save.value.kind === 'offline';
  return (
    <span
      class={`mark mark--connection${isGood ? '' : ' mark--attention'}`}
      role="status"
      title={words}
      data-testid="connection-state"
      data-state={connection.relay}
      data-video={connection.video}
    >
      {isGood ? <Wifi class="icon" aria-hidden="true" /> : <WifiOff class="icon" aria-hidden="true" />}
      <span class={isSaid ? 'visually-hidden' : 'mark__text'}>{words}</span>
    </span>
  );
}

function StaffButton({ store, onStart, onEnd, isStarting }: TopBarProps) {
  if (!store.isStaff.value || store.me.value === null || store.isDropIn.value) {
    return null;
  }
  switch (store.state.value) {
    case 'waiting':
      return (
        <button
          type="button"
          class="button button--primary button--small room-bar__staff"
          data-testid="start-lesson"
          aria-busy={isStarting}
          disabled={isStarting}
          onClick={onStart}
        >
          {isStarting ? t('Starting…') : t('Start lesson')}
        </button>
      );
    case 'live':
      return (
        <button type="button" class="button button--small room-bar__staff" data-testid="end-lesson" onClick={onEnd}>
          {t('End lesson')}
        </button>
      );
    default:
      return null;
  }
}
