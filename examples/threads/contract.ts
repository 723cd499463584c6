import { defineMessage } from 'drumline';

/** A part of the Mandelbrot set, computed again and again for so many milliseconds: it stands for a larger picture. */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly pixels: number;
  readonly forMs: number;
}

/** One byte per pixel. */
export type Picture = Uint8Array;

export const RenderInline = defineMessage<View, Picture>('render.inline');
export const RenderInThread = defineMessage<View, Picture>('render.thread');
export const Ping = defineMessage<number, number>('ping');
