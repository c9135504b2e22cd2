/** What a dialog is about to put onto the board, as the board would paint it. */

import { useEffect, useRef } from 'preact/hooks';
import { theme } from '../ui/theme';
import { enterBoard, paintItem } from './painter';
import { paperColour, type SceneItem } from './scene';

const MARGIN_PX = 10;
/** A formula of one letter is no poster. */
const LARGEST_SCALE = 1;

export function ItemPreview({ item, height, label }: { item: SceneItem | null; height: number; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const themeName = theme.value;
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context) {
      return;
    }
    const ratio = globalThis.devicePixelRatio;
    const [width, high] = [element.clientWidth * ratio, height * ratio];
    element.width = Math.round(width);
    element.height = Math.round(high);
    context.fillStyle = paperColour(themeName);
    context.fillRect(0, 0, width, high);
    if (item) {
      const { minX, minY, maxX, maxY } = item.box;
      const room = [width - 2 * MARGIN_PX * ratio, high - 2 * MARGIN_PX * ratio] as const;
      const scale = Math.min(LARGEST_SCALE * ratio, room[0] / (maxX - minX), room[1] / (maxY - minY));
      enterBoard(context, scale, width / 2 - ((minX + maxX) / 2) * scale, high / 2 - ((minY + maxY) / 2) * scale);
      paintItem(context, item, scale, themeName);
    }
  }, [item, height, themeName]);
  return <canvas ref={canvas} class="preview" style={{ height: `${height}px` }} role="img" aria-label={label} />;
}
