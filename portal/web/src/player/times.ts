/** Lesson times as people write them. */

import { tn } from '../ui/i18n';

/** `m:ss`, or `h:mm:ss` from an hour on. */
export function formatTime(ms: number): string {
  const total_s = Math.max(0, Math.floor(ms / 1_000));
  const hours = Math.floor(total_s / 3_600);
  const minutes = Math.floor((total_s % 3_600) / 60);
  const seconds = String(total_s % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`;
}

/** The same for a screen reader. */
export function spokenTime(ms: number): string {
  const total_s = Math.max(0, Math.floor(ms / 1_000));
  const [hours, minutes, seconds] = [Math.floor(total_s / 3_600), Math.floor((total_s % 3_600) / 60), total_s % 60];
  const words = [
    hours > 0 && tn(hours, '{n} hour', '{n} hours'),
    minutes > 0 && tn(minutes, '{n} minute', '{n} minutes'),
    (seconds > 0 || total_s === 0) && tn(seconds, '{n} second', '{n} seconds'),
  ];
  return words.filter((word) => word !== false).join(' ');
}

/** Reads a deep link's time: seconds (`95`, `95.5`), `1:35`, `1:02:03` or `1h2m3s`. `null` for anything else. */
export function parseTime(text: string | null): number | null {
  if (!text) {
    return null;
  }
  if (/^\d{1,6}(\.\d{1,3})?$/.test(text)) {
    return Math.round(Number(text) * 1_000);
  }
  if (/^\d{1,3}(:\d{1,2}){1,2}$/.test(text)) {
    return text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) * 1_000;
  }
  const match = /^(?:(\d{1,2})h)?(?:(\d{1,3})m)?(?:(\d{1,5})s)?$/.exec(text);
  if (!match?.[0]) {
    return null;
  }
  const [, hours = '0', minutes = '0', seconds = '0'] = match;
  return (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000;
}
