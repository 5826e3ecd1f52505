/** SVG rendering: colours, transparency, size, independence of fonts. */

import assert from "node:assert/strict";
import { loadSvgRenderer, renderSvg } from "../../../methods/vision/svg.ts";

const svg = (content: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 1">${content}</svg>`;

Deno.test("renderSvg() gives straight alpha at the wanted width", async () => {
  await loadSvgRenderer();
  const image = renderSvg(
    svg('<rect width="1" height="1" fill="#ff8000" fill-opacity="0.5"/>'),
    4,
  );
  assert.deepEqual([image.width, image.height], [4, 2]);
  assert.deepEqual([...image.pixels.subarray(0, 4)], [255, 128, 0, 128]);
  assert.deepEqual([...image.pixels.subarray(12, 16)], [0, 0, 0, 0]);
});

Deno.test("renderSvg() draws no text, whatever fonts the machine has", async () => {
  await loadSvgRenderer();
  const image = renderSvg(svg('<text y="1" font-size="1">M</text>'), 64);
  assert.ok(image.pixels.every((value) => value === 0));
});

Deno.test("renderSvg() refuses what is no SVG", async () => {
  await loadSvgRenderer();
  assert.throws(() => renderSvg("<html></html>", 8));
});

Deno.test("the WebAssembly file is of the version that the import map pins", async () => {
  const source = await Deno.readTextFile(
    new URL("../../../methods/vision/svg.ts", import.meta.url),
  );
  const { imports } = JSON.parse(
    await Deno.readTextFile(new URL("../../../deno.json", import.meta.url)),
  );
  assert.ok(source.includes(`"${imports["@resvg/resvg-wasm"]}"`));
});
