import type { Bytes } from '../../core/bytes';
import { ProtocolError } from '../../core/errors';
import { PortalError } from '../../net/portal';
import { t } from '../../ui/i18n';
import { LoadError, loadManifest, loadTimeline } from '../loader';
import type { Manifest } from '../manifest';
import type { RecordingPortal } from '../portalCalls';
import type { TimelineRecord, UpdateRecord } from '../timeline';
import { type BoardFacts, parseBoard } from './facts';
import { Fork } from './fork';

/** A board that goes on from a moment, ready to be shown. */
export interface OpenBoard {
  readonly facts: BoardFacts;
  readonly manifest: Manifest;
  readonly fork: Fork;
  /** The version that the fork holds. */
  readonly version: number;
}

/** Brings a board together: the lesson until that moment, and what was added. Throws LoadError with a sentence. */
export async function openBoard(portal: RecordingPortal, id: string, signal: AbortSignal): Promise<OpenBoard> {
  const path = `/boards/${encodeURIComponent(id)}`;
  try {
    const facts = parseBoard(await portal.get(path));
    if (!facts) {
      throw new LoadError(t('This board cannot be read here.'), false);
    }
    const manifest = await loadManifest(`/api/recordings/${encodeURIComponent(portal.lesson)}`, signal);
    const updates: UpdateRecord[] = [];
    await loadTimeline(manifest.timeline, '', signal, (records) => {
      updates.push(...records.filter(isUpdate));
    });
    const { bytes, version } = await portal.getBytes(`${path}/work`);
    return { facts, manifest, fork: forkWith(updates, facts.t_ms, bytes), version };
  } catch (error) {
    if (error instanceof PortalError) {
      throw new LoadError(error.message, error.unreachable);
    }
    throw error;
  }
}

function forkWith(updates: readonly UpdateRecord[], t_ms: number, work: Bytes): Fork {
  const fork = new Fork(updates, t_ms);
  try {
    fork.take(work);
  } catch (error) {
    if (error instanceof ProtocolError) {
      throw new LoadError(t('What was added to this board cannot be read.'), false);
    }
    throw error;
  }
  return fork;
}

const isUpdate = (record: TimelineRecord): record is UpdateRecord => record.kind === 'update';
