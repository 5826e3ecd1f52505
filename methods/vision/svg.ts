/** SVG to pixels with resvg compiled to WebAssembly: the same bytes on every machine, no native code. */

import { initWasm, Resvg } from "@resvg/resvg-wasm";
import type { RgbaImage } from "./image.ts";

let ready: Promise<void> | undefined;

/**
 * Loads the renderer once for the process. Reads the WebAssembly file from the package cache, so
 * read access to that cache is needed; no network, environment or native code.
 *
 * @throws Error when the WebAssembly file cannot be read.
 */
export function loadSvgRenderer(): Promise<void> {
  ready ??= (async () => {
    const module = new URL("index_bg.wasm", import.meta.resolve("npm:@resvg/resvg-wasm@2.6.2"));
    await initWasm(await Deno.readFile(module));
  })();
  return ready;
}

/**
 * Renders an SVG document with a transparent background. Call {@linkcode loadSvgRenderer} first.
 * Text elements draw nothing: no system font is used, since fonts differ between machines.
 *
 * @param svg The document.
 * @param width Width of the result in pixels; the height follows from the view box.
 * @throws Error when the document is no valid SVG.
 */
export function renderSvg(svg: string, width: number): RgbaImage {
  const document = new Resvg(svg, {
    fitTo: { mode: "width", value: width },
    font: { loadSystemFonts: false },
  });
  try {
    const rendered = document.render();
    try {
      return {
        width: rendered.width,
        height: rendered.height,
        pixels: unpremultiply(rendered.pixels),
      };
    } finally {
      rendered.free();
    }
  } finally {
    document.free();
  }
}

/** resvg's pixels carry colour multiplied by alpha. */
function unpremultiply(pixels: Uint8Array): Uint8Array {
  const result = pixels.slice();
  for (let i = 0; i < result.length; i += 4) {
    const alpha = result[i + 3];
    if (alpha === 0 || alpha === 255) continue;
    for (let c = 0; c < 3; c++) {
      result[i + c] = Math.min(255, Math.round(result[i + c] * 255 / alpha));
    }
  }
  return result;
}
