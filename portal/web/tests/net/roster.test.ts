import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { asRoomId, asSessionId, asUserId, type Role, type SessionId } from '../../src/core/ids';
import type { Ticket } from '../../src/core/ticket';
import type { Mesh } from '../../src/net/mesh';
import { Roster } from '../../src/net/roster';

const LEO = asSessionId('00000000000000b1');
const ENTRY = { ticket: '', agent: 'browser', joinedMs: 1, presence: null } as const;

let roster: Roster;
let online: boolean;
let up: boolean;
let absent: string[];
let gone: string[];

const here = (): string[] => roster.people.participants().map(({ session }) => session);

function ticket(session: SessionId, user: string, role: Role, issuedMs: number): Ticket {
  const fields = { session, user: asUserId(user), name: user, role, issuedMs, caps: new Set(), room: asRoomId('r') };
  return fields as unknown as Ticket;
}

beforeEach(() => {
  vi.useFakeTimers();
  [online, up, absent, gone] = [true, true, [], []];
  roster = new Roster({
    relayOnline: () => online,
    changed: () => {},
    presence: () => {},
    absent: (session) => absent.push(session),
    gone: (session) => gone.push(session),
    sendPresence: () => {},
  });
  roster.mesh = { isUp: () => up } as unknown as Mesh;
  roster.people.know(ticket(LEO, 'leo', 'student', 100));
  roster.entered(LEO, ENTRY);
  roster.look();
});

afterEach(() => {
  roster.close();
  vi.useRealTimers();
});

describe('who counts as here', () => {
  test('somebody who left on purpose is gone with the link, without the grace of a broken line', () => {
    roster.left(LEO, 'left');
    expect(here()).toEqual([LEO]);
    up = false;
    vi.advanceTimersByTime(1_000);
    expect(here()).toEqual([]);
    expect([absent, gone]).toEqual([[LEO], [LEO]]);
  });

  test('also when the room was closed meanwhile and the relay is away', () => {
    roster.left(LEO, 'left');
    online = false;
    up = false;
    vi.advanceTimersByTime(1_000);
    expect(here()).toEqual([]);
  });

  test('a lost socket keeps its place while a link hears it, and 15 s longer', () => {
    roster.left(LEO, 'gone');
    vi.advanceTimersByTime(60_000);
    expect(here()).toEqual([LEO]);
    up = false;
    vi.advanceTimersByTime(13_000);
    expect(here()).toEqual([LEO]);
    vi.advanceTimersByTime(3_000);
    expect(here()).toEqual([]);
  });

  test('without the relay somebody may come back, but shows nothing until then', () => {
    online = false;
    up = false;
    vi.advanceTimersByTime(17_000);
    expect([here(), absent, gone]).toEqual([[], [LEO], []]);
    up = true;
    vi.advanceTimersByTime(1_000);
    expect(here()).toEqual([LEO]);
  });

  test('who comes back after leaving is like anybody again', () => {
    roster.left(LEO, 'left');
    roster.entered(LEO, ENTRY);
    roster.left(LEO, 'gone');
    up = false;
    vi.advanceTimersByTime(5_000);
    expect(here()).toEqual([LEO]);
  });
});

test('the recorder takes no colour from those who draw, whenever it came', () => {
  const colours = Array.from({ length: 8 }, (_, i) => {
    const recorder = asSessionId(`00000000000000c${i}`);
    roster.people.know(ticket(recorder, `recorder-${i}`, 'recorder', i));
    return roster.people.person(LEO)?.colour;
  });
  expect(new Set(colours).size).toBe(1);
});
