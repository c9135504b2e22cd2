import { signal } from '@preact/signals';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MemoryRoom } from '../../dev/memoryRoom';
import type { Role, UserId } from '../core/ids';
import { type Ask, MAX_ASKS, NO_PRESENCE, readPresence } from '../core/presence';
import { PortalError } from '../net/portal';
import type { DoorPeople } from './api';
import { Asks } from './asks';
import { Door } from './door';
import type { Participant } from './room';
import { RoomStore } from './store';

const OTHER = 'other' as UserId;

function room(role: Role): MemoryRoom {
  const info = {
    ...{ lesson: 'l1', title: 'T', subject: 'S', room: 'r1', starts_at: '', ends_at: '' },
    ...{ time_zone: 'UTC', school: 'School', demo: false, notice: '' },
    state: 'open',
    recording: 'required',
    me: { user: 'me', name: 'Me', role },
  } as const;
  return new MemoryRoom(info, [{ name: 'Other', role: role === 'tutor' ? 'student' : 'tutor' }]);
}

/** The people of a room, one of whom asks for something. */
function asking(of: MemoryRoom, asks: readonly Ask[], role: Role = 'tutor'): Participant[] {
  return of
    .participants()
    .map((person) => (person.isMe ? person : { ...person, role, presence: { ...person.presence, asks } }));
}

function devices(isOn: boolean) {
  const state = signal({ microphone: { on: isOn } });
  const setMicrophone = vi.fn(async (on: boolean) => {
    state.value = { microphone: { on } };
  });
  return { media: { state, setMicrophone } as unknown as Parameters<Asks['attach']>[0], setMicrophone };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('asking for a microphone', () => {
  test('it is never turned on without the person', async () => {
    const student = room('student');
    const asks = new Asks(student);
    const { media, setMicrophone } = devices(false);
    asks.attach(media);
    asks.read(asking(student, [{ user: 'me', what: 'unmute', at: student.now() }]));
    expect(asks.prompt.value).toEqual({ by: 'Other' });
    expect(setMicrophone).not.toHaveBeenCalled();
    await asks.answer(false);
    expect([asks.prompt.value, setMicrophone.mock.calls]).toEqual([null, []]);
    asks.read(asking(student, [{ user: 'me', what: 'unmute', at: student.now() + 1 }]));
    await asks.answer(true);
    expect(setMicrophone.mock.calls).toEqual([[true]]);
  });

  test('it is turned off at once, and lowering a hand too', () => {
    const student = room('student');
    const asks = new Asks(student);
    const { media, setMicrophone } = devices(true);
    asks.attach(media);
    student.setPresence({ hand: true, handMs: 1 });
    const wishes: Ask[] = [
      { user: 'me', what: 'mute', at: student.now() },
      { user: 'me', what: 'lower', at: student.now() },
    ];
    asks.read(asking(student, wishes));
    asks.read(asking(student, wishes));
    expect(setMicrophone.mock.calls).toEqual([[false]]);
    expect(student.participants().find(({ isMe }) => isMe)?.presence.hand).toBe(false);
  });

  test('a wish of another student, for somebody else, or of long ago is passed over', () => {
    const student = room('student');
    const asks = new Asks(student);
    const { media, setMicrophone } = devices(true);
    asks.attach(media);
    const at = student.now();
    asks.read(asking(student, [{ user: 'me', what: 'mute', at }], 'student'));
    asks.read(asking(student, [{ user: 'other', what: 'mute', at }]));
    asks.read(asking(student, [{ user: 'me', what: 'mute', at: at - 20_000 }]));
    expect(setMicrophone).not.toHaveBeenCalled();
  });

  test('what is asked stands in presence for ten seconds, and is bounded', () => {
    const tutor = room('tutor');
    const asks = new Asks(tutor);
    const mine = () => tutor.participants().find(({ isMe }) => isMe)?.presence.asks ?? [];
    for (let n = 0; n < 20; n++) asks.ask(`u${n}` as UserId, 'mute');
    asks.ask('u19' as UserId, 'mute');
    expect(mine().map(({ user }) => user)).toEqual(Array.from({ length: MAX_ASKS }, (_, n) => `u${n + 12}`));
    vi.advanceTimersByTime(10_000);
    expect(mine()).toEqual([]);
    asks.close();
  });

  test('presence of others is read with care', () => {
    const odd = [null, 7, { user: 'a', what: 'unmute', at: 'x' }, { user: 'a', what: 'explode', at: 1 }];
    expect(readPresence({ asks: odd, handMs: 'x' })).toEqual(NO_PRESENCE);
    const good = { user: 'a', what: 'mute', at: 1 };
    expect(readPresence({ asks: Array(20).fill(good), handMs: 5 }).asks).toHaveLength(MAX_ASKS);
  });
});

describe('the door', () => {
  const person = { user: OTHER, name: 'Other' };

  test('shows who waits and who was put out, and asks again', async () => {
    let people: DoorPeople = { waiting: [person], removed: [] };
    const admit = vi.fn(async () => {
      people = { waiting: [], removed: [person] };
    });
    const removePerson = vi.fn(async () => undefined);
    const door = new Door({ door: async () => people, admit }, { removePerson, readmitPerson: async () => undefined });
    door.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(door.waiting.value).toEqual([person]);
    await door.admit(person);
    expect([door.waiting.value, door.removed.value]).toEqual([[], [person]]);
    await door.remove(person, 'disruptive');
    expect(removePerson.mock.calls).toEqual([[OTHER, 'disruptive']]);
    people = { waiting: [], removed: [] };
    await vi.advanceTimersByTimeAsync(3_000);
    expect(door.removed.value).toEqual([]);
    door.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a portal that is away changes nothing and is asked again', async () => {
    let isAway = false;
    const door = new Door(
      {
        door: async () => {
          if (isAway) throw new PortalError(0, 'unreachable', 'away');
          return { waiting: [person], removed: [] };
        },
        admit: async () => {
          throw new PortalError(409, 'not_waiting', 'This person is not waiting.');
        },
      },
      { removePerson: async () => undefined, readmitPerson: async () => undefined },
    );
    door.start();
    await vi.advanceTimersByTimeAsync(0);
    isAway = true;
    await door.admit(person);
    await vi.advanceTimersByTimeAsync(9_000);
    expect(door.waiting.value).toEqual([person]);
    door.close();
  });
});

describe('the crisis button', () => {
  test.each([
    ['tutor', true],
    ['coordinator', true],
    ['reviewer', true],
    ['student', false],
  ] as const)('is there for a %s: %s', (role, isThere) => {
    const store = new RoomStore(room(role));
    expect(store.mayPressAlert.value).toBe(isThere);
    store.close();
  });

  test('says what became of the alert to whoever pressed', async () => {
    const tutor = room('tutor');
    const store = new RoomStore(tutor);
    await store.pressAlert('medical');
    expect([tutor.pressed, store.alert.value]).toEqual([['medical'], 'sending']);
    tutor.emit('alert', 'stored');
    expect(store.alert.value).toBe('stored');
    store.close();
  });
});
