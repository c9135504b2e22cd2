/** The lasers of other people, as their cursors tell of them. */

import type { SessionId } from '../core/ids';
import type { Sketch } from './liveLayer';
import type { LivePeers, LivePlace } from './livePeers';
import { Trail, trailSketch } from './trail';

interface Beam {
  readonly trail: Trail;
  place: LivePlace;
  colour: string;
  at: { readonly x: number; readonly y: number } | null;
}

export class Lasers {
  private readonly beams = new Map<SessionId, Beam>();

  /** `colourOf`: css; null for somebody who is not known. */
  read(live: LivePeers, colourOf: (session: SessionId) => string | null): void {
    for (const session of live.sessions()) {
      const { cursor } = live.peer(session);
      const beam = this.beams.get(session);
      if (!cursor?.laser) {
        beam?.trail.lift();
        continue;
      }
      const colour = colourOf(session);
      if (colour === null) {
        continue;
      }
      const isSame = beam?.place.page === cursor.page && beam.place.desk === cursor.desk;
      const known = isSame ? beam : { trail: new Trail(), place: cursor, colour, at: null };
      this.beams.set(session, known);
      // The same cursor is read again whenever anybody moves; it shines once.
      if (known.at?.x !== cursor.x || known.at.y !== cursor.y) {
        known.at = { x: cursor.x, y: cursor.y };
        known.trail.add(cursor, performance.now());
      }
    }
  }

  /** What of them has not faded on a page. */
  sketches({ page, desk }: LivePlace, zoom: number): readonly Sketch[] {
    const found: Sketch[] = [];
    for (const [session, beam] of this.beams) {
      const sketch = trailSketch(beam.trail, performance.now(), beam.colour, zoom);
      if (!sketch) {
        this.beams.delete(session);
      } else if (beam.place.page === page && beam.place.desk === desk) {
        found.push(sketch);
      }
    }
    return found;
  }
}
