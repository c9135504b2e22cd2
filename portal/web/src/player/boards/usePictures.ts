import { useEffect, useMemo } from 'preact/hooks';
import type { BoardView } from '../../board/BoardView';
import type { Manifest } from '../manifest';
import { RecordingPictures } from '../pictures';

/** The pictures of the lesson that a board goes on from, for as long as the component stands; `view` is repainted. */
export function usePictures(manifest: Manifest, view: BoardView | null): RecordingPictures {
  const pictures = useMemo(
    () => new RecordingPictures(() => ({ assets: manifest.assets, isRunning: manifest.state === 'recording' })),
    [manifest],
  );
  useEffect(() => () => pictures.close(), [pictures]);
  useEffect(() => {
    pictures.onCome = () => view?.repaintAll();
  }, [pictures, view]);
  return pictures;
}
