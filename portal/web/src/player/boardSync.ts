import type { BoardView } from '../board/BoardView';
import { type Box, HOME_BOX, unionBox } from '../board/camera';
import type { LiveContent, LiveStroke } from '../board/liveLayer';
import { type PageId, shapeAuthor } from '../core/ids';
import type { Page } from '../core/shape';
import { AuthorLens, type Look } from './lens';
import type { Recording } from './recording';
import { BoardReplay } from './replay';

/** Keeps a board view at the clock's moment: what stands, what is being written, and which page is up. */
export class BoardSync {
  readonly replay: BoardReplay;
  /** The board as the viewer wants to see it. */
  readonly lens: AuthorLens;
  #view: BoardView | null = null;
  #onMoment: (t_ms: number) => void = () => undefined;
  #shownPage: PageId | null = null;
  #t_ms = 0;
  #liveCount = 0;
  /** The viewer moved the view; it is not fitted any more until asked. */
  #isFree = false;
  /** What is on screen was painted for another look. */
  #isStale = false;
  #fitted: Box | null = null;

  constructor(private readonly recording: Recording) {
    this.replay = new BoardReplay(recording.journal.steps, recording.journal.firstPages);
    this.lens = new AuthorLens(this.replay);
  }

  get pages(): readonly Page[] {
    return this.replay.pages();
  }

  /** `onMoment` is called after each change of the moment, for cursors and names above the board. */
  attach(view: BoardView, onMoment: (t_ms: number) => void): void {
    this.#view = view;
    this.#onMoment = onMoment;
    this.#shownPage = null;
    this.#fitted = null;
    view.live = () => this.#live();
  }

  detach(): void {
    this.#view = null;
    this.#onMoment = () => undefined;
  }

  /** The journal was made anew. */
  restart(): void {
    this.replay.reset();
    this.#shownPage = null;
  }

  /** Shows a moment; returns the page that is up. */
  show(t_ms: number, pinned: PageId | null): PageId {
    const moved = this.replay.goTo(t_ms);
    const wanted = pinned ?? this.recording.journal.pageAt(t_ms);
    const pages = this.replay.pages();
    const page = pages.some(({ id }) => id === wanted) ? wanted : (pages[0]?.id ?? wanted);
    const view = this.#view;
    const hasTurned = page !== this.#shownPage;
    const isStale = view !== null && this.#isStale;
    if (view && (hasTurned || moved.isJump || isStale)) {
      view.show(this.lens, page);
      this.#isStale = false;
      if (hasTurned) {
        this.#isFree = false;
      }
      this.#shownPage = page;
    }
    this.#fit();
    if (t_ms !== this.#t_ms || moved.hasMoved || hasTurned || isStale) {
      this.#t_ms = t_ms;
      const live = this.recording.journal.writing.at(t_ms, page).length;
      if (live > 0 || this.#liveCount > 0) {
        view?.refreshLive();
      }
      this.#liveCount = live;
      this.#onMoment(t_ms);
    }
    return page;
  }

  /** Looks at who drew what in another way; seen with the next `show`. */
  look(look: Look): void {
    this.lens.setLook(look);
    this.#isStale = true;
  }

  /** The viewer moved or zoomed the view. */
  free(): void {
    this.#isFree = true;
  }

  /** Shows the whole page again. */
  fit(): void {
    this.#isFree = false;
    this.#fitted = null;
    this.#fit();
  }

  /** The window changed its size. */
  resized(): void {
    if (!this.#isFree) {
      this.fit();
    }
  }

  /** The whole sheet and all that will ever stand on this page, so that the view is still while it fills. */
  #fit(): void {
    const view = this.#view;
    if (!view || this.#isFree || !this.#shownPage || view.view.width === 0) {
      return;
    }
    const box = unionBox(HOME_BOX, this.recording.journal.extent(this.#shownPage)) ?? HOME_BOX;
    const fitted = this.#fitted;
    if (fitted && fitted.minX === box.minX && fitted.minY === box.minY && sameEnd(fitted, box)) {
      return;
    }
    this.#fitted = box;
    view.fit(sameEnd(box, HOME_BOX) && box.minX === HOME_BOX.minX && box.minY === HOME_BOX.minY ? HOME_BOX : box);
  }

  #live(): LiveContent {
    const page = this.#shownPage;
    const strokes = page ? this.recording.journal.writing.at(this.#t_ms, page) : [];
    return { strokes: strokes.flatMap((stroke) => this.#seen(stroke)), sketches: [] };
  }

  #seen(stroke: LiveStroke): LiveStroke[] {
    const author = shapeAuthor(stroke.key);
    if (author === null) {
      return [stroke];
    }
    if (!this.lens.shows(author)) {
      return [];
    }
    const colour = this.lens.colourOf(author, stroke.colour);
    // The live layer keeps what it painted by key; another colour is another stroke to it.
    return [colour === stroke.colour ? stroke : { ...stroke, colour, key: `${stroke.key}-${colour}` }];
  }
}

function sameEnd(a: Box, b: Box): boolean {
  return a.maxX === b.maxX && a.maxY === b.maxY;
}
