/** Shapes that are drawn on a graph's canvas; all lengths are px of the canvas. */

/** Text over a curve, with a halo: neither makes the other unreadable. */
export function drawText(
  ctx: CanvasRenderingContext2D,
  text: string,
  { x, y, halo }: { x: number; y: number; halo: string },
): void {
  ctx.lineWidth = 3 * devicePixelRatio;
  ctx.lineJoin = 'round';
  ctx.strokeStyle = halo;
  ctx.strokeText(text, x, y);
  ctx.fillText(text, x, y);
}

/** A vertical bar with T ends; without a lower end one T. */
export function traceBar(
  ctx: CanvasRenderingContext2D,
  { x, top, bottom, half }: { x: number; top: number; bottom: number | null; half: number },
): void {
  for (const y of bottom === null ? [top] : [top, bottom]) {
    ctx.moveTo(x - half, y);
    ctx.lineTo(x + half, y);
  }
  if (bottom === null) return;
  ctx.moveTo(x, top);
  ctx.lineTo(x, bottom);
}

export function traceCross(
  ctx: CanvasRenderingContext2D,
  { x, y, half }: { x: number; y: number; half: number },
): void {
  ctx.moveTo(x - half, y - half);
  ctx.lineTo(x + half, y + half);
  ctx.moveTo(x - half, y + half);
  ctx.lineTo(x + half, y - half);
}
