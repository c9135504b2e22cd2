import type { BoardSource, BoardSourceChange } from '../board/source';
import { PARTICIPANT_COLOURS } from '../core/colours';
import type { PageId, ShapeId } from '../core/ids';
import type { Colour, Shape } from '../core/shape';

/** The board's colours next to what `spec/palette.json` gives the people, in its order. */
const AUTHOR_COLOURS: readonly Colour[] = ['green', 'orange', 'blue', 'violet', 'yellow', 'red', 'grey', 'black'];

/** The colour of the board that is nearest to a person's own. */
export const inkOf = (person: string): Colour => AUTHOR_COLOURS[PARTICIPANT_COLOURS.indexOf(person)] ?? 'black';

/** How a viewer looks at who drew what. `only`: sessions of the one whose work is shown, null shows everybody's. */
export interface Look {
  readonly only: ReadonlySet<string> | null;
  readonly colours: ReadonlyMap<string, Colour> | null;
}

export const PLAIN_LOOK: Look = { only: null, colours: null };

/** A board seen through a look: others' work left out, or everybody's in a colour of their own. The board stays as it is. */
export class AuthorLens implements BoardSource {
  #look: Look = PLAIN_LOOK;
  /** A shape that did not change must stay the same object. */
  #recoloured = new WeakMap<Shape, Shape>();

  constructor(private readonly board: BoardSource) {}

  get look(): Look {
    return this.#look;
  }

  /** The caller shows the page anew. */
  setLook(look: Look): void {
    this.#look = look;
    this.#recoloured = new WeakMap();
  }

  /** Whether an author's work is shown. */
  shows(session: string): boolean {
    return this.#look.only?.has(session) ?? true;
  }

  /** The colour of an author's work; `otherwise` where everybody keeps what they chose. */
  colourOf<C extends string>(session: string, otherwise: C): Colour | C {
    return this.#look.colours?.get(session) ?? otherwise;
  }

  shape(id: ShapeId): Shape | null {
    const shape = this.board.shape(id);
    return shape && this.shows(shape.author) ? this.#seen(shape) : null;
  }

  shapes(page: PageId): readonly Shape[] {
    const shapes = this.board.shapes(page);
    if (this.#look === PLAIN_LOOK) {
      return shapes;
    }
    return shapes.filter(({ author }) => this.shows(author)).map((shape) => this.#seen(shape));
  }

  pages(): ReturnType<BoardSource['pages']> {
    return this.board.pages();
  }

  onChange(listener: (change: BoardSourceChange) => void): () => void {
    return this.board.onChange(listener);
  }

  #seen(shape: Shape): Shape {
    const colour: Colour = this.colourOf(shape.author, shape.colour);
    if (colour === shape.colour) {
      return shape;
    }
    let seen = this.#recoloured.get(shape);
    if (!seen) {
      seen = { ...shape, colour };
      this.#recoloured.set(shape, seen);
    }
    return seen;
  }
}
