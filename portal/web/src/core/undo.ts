/** Undo of one's own work, field by field (board.md "Edits and undo"). */
import type { ShapeId } from './ids';

/** null: the field is absent. */
export type FieldValue = string | number | boolean | null;

export interface Change {
  readonly shape: ShapeId;
  readonly field: string;
  readonly before: FieldValue;
  readonly after: FieldValue;
}

/** What the stack needs of a board: the value now, and how to write one. */
export interface Fields {
  read(shape: ShapeId, field: string): FieldValue;
  write(shape: ShapeId, field: string, value: FieldValue): void;
}

const MAX_STEPS = 1000;

export class UndoStack {
  private readonly done: Change[][] = [];
  private readonly undone: Change[][] = [];
  private open: Change[] | null = null;
  private depth = 0;

  constructor(private readonly onChange: () => void) {}

  get canUndo(): boolean {
    return this.done.length > 0 || (this.open?.length ?? 0) > 0;
  }

  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  record(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    if (this.open !== null) this.open.push(...changes);
    else this.push([...changes]);
    this.undone.length = 0;
    this.onChange();
  }

  /** Everything recorded until `endStep` becomes one step. May nest. */
  beginStep(): void {
    this.depth += 1;
    this.open ??= [];
  }

  endStep(): void {
    if (this.depth === 0) return;
    this.depth -= 1;
    if (this.depth === 0) this.closeStep();
  }

  private closeStep(): void {
    if (this.open !== null && this.open.length > 0) this.push(this.open);
    this.open = null;
    this.onChange();
  }

  private push(step: Change[]): void {
    this.done.push(step);
    if (this.done.length > MAX_STEPS) this.done.shift();
  }

  /** Takes back the latest step that others left anything of. Returns whether the document changed. */
  undo(fields: Fields): boolean {
    if (this.open !== null) {
      this.closeStep();
      this.open = this.depth > 0 ? [] : null;
    }
    return this.replay(this.done, this.undone, (step) =>
      keep(fields, step.toReversed(), 'after', 'before').toReversed(),
    );
  }

  /** Does the latest undone step again, where nothing else has happened to its fields since. */
  redo(fields: Fields): boolean {
    return this.replay(this.undone, this.done, (step) => keep(fields, step, 'before', 'after'));
  }

  private replay(source: Change[][], target: Change[][], run: (step: Change[]) => Change[]): boolean {
    let kept: Change[] = [];
    for (let step = source.pop(); step !== undefined && kept.length === 0; ) {
      kept = run(step);
      if (kept.length === 0) step = source.pop();
    }
    if (kept.length > 0) target.push(kept);
    this.onChange();
    return kept.length > 0;
  }
}

/** Writes one end of every change whose field still holds the other end: another's later change wins. */
function keep(fields: Fields, step: readonly Change[], from: 'before' | 'after', to: 'before' | 'after'): Change[] {
  return step.filter((change) => {
    if (fields.read(change.shape, change.field) !== change[from]) return false;
    fields.write(change.shape, change.field, change[to]);
    return true;
  });
}
