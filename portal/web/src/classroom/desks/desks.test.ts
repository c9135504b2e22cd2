import { afterEach, expect, it } from 'vitest';
import { MemoryRoom } from '../../../dev/memoryRoom';
import type { Role, UserId } from '../../core/ids';
import type { LessonInfo } from '../room';
import { RoomStore } from '../store';

let store: RoomStore | null = null;
afterEach(() => store?.close());

function open(role: Role): { room: MemoryRoom; store: RoomStore } {
  const info: LessonInfo = {
    ...{ lesson: 'l1', title: 'Fractions', subject: 'Mathematics', room: 'r1', starts_at: '', ends_at: '' },
    ...{ time_zone: 'UTC', me: { user: 'me', name: 'Me', role }, school: 'School', demo: false, notice: '' },
    state: 'open',
    recording: 'required',
  };
  const room = new MemoryRoom(info, [{ name: 'Leo', role: 'student' }]);
  store = new RoomStore(room);
  return { room, store };
}

function onStage(room: MemoryRoom, write: (stage: MemoryRoom['stage']) => void): void {
  const { writable } = room.stage;
  room.stage.writable = true;
  write(room.stage);
  room.stage.writable = writable;
}

it('a shown desk takes students there and back; its owner and the staff stay where they are', () => {
  const student = open('student');
  const { desks } = student.store;
  const [leo, me] = ['leo' as UserId, 'me' as UserId];
  onStage(student.room, (stage) => stage.showDesk(leo));
  expect([desks.at.value, desks.mayWrite.value]).toEqual([leo, false]);
  onStage(student.room, (stage) => stage.showDesk(null));
  expect(desks.at.value).toBeNull();
  desks.toggle();
  expect(desks.at.value).toBe(me);
  onStage(student.room, (stage) => stage.showDesk(me));
  onStage(student.room, (stage) => stage.showDesk(null));
  expect(desks.at.value).toBe(me);
  student.store.close();
  const tutor = open('tutor');
  onStage(tutor.room, (stage) => stage.showDesk(leo));
  expect([tutor.store.desks.at.value, tutor.store.desks.shown.value]).toEqual([null, leo]);
});

it('staff see all desks at once; nobody has one where the school has none', () => {
  const { desks } = open('tutor').store;
  expect(desks.isOn.value).toBe(false);
  desks.toggle();
  expect([desks.isOverview.value, desks.students.value.map(({ name }) => name)]).toEqual([true, ['Leo']]);
  desks.go('leo' as UserId);
  expect([desks.isOverview.value, desks.mayWrite.value]).toEqual([false, false]);
});
