/** PNG decoding against pixels that Pillow reads from the same bytes. */

import assert from "node:assert/strict";
import { decodePng } from "../../../methods/vision/png.ts";

const FILES = [
  {
    name: "palette of 4 bits with transparency",
    base64:
      "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACBAMAAABvWnspAAAADFBMVEX/AAAA/wAAAP8KFB4iiCkEAAAAAnRSTlMAgJsrThgAAAAOSURBVHicY2BUYDASAAAA/wBkuoZU5AAAAABJRU5ErkJggg==",
    // deno-fmt-ignore
    rgba: [255, 0, 0, 0, 0, 255, 0, 128, 0, 0, 255, 255, 10, 20, 30, 255, 0, 0, 255, 255, 0, 255, 0, 128],
  },
  {
    name: "palette of 8 bits",
    base64:
      "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABCAMAAAAsPuSGAAAADFBMVEX/AAAA/wAAAP8KFB4iiCkEAAAADElEQVR4nGNgYmAGAAANAAbz3nIZAAAAAElFTkSuQmCC",
    rgba: [0, 0, 255, 255, 255, 0, 0, 255, 10, 20, 30, 255],
  },
  {
    name: "grey of 1 bit",
    base64:
      "iVBORw0KGgoAAAANSUhEUgAAAAoAAAACAQAAAABJGnB9AAAADklEQVR4nGPY5MDA2AAABQIBdCz0J+wAAAAASUVORK5CYII=",
    rgba: [1, 0, 1, 1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0].flatMap((
      bit,
    ) => [bit * 255, bit * 255, bit * 255, 255]),
  },
  {
    name: "grey of 2 bits",
    base64:
      "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABAgAAAAB0O1PJAAAACklEQVR4nGOQAAAAGgAZLYj0NgAAAABJRU5ErkJggg==",
    rgba: [0, 0, 0, 255, 85, 85, 85, 255, 170, 170, 170, 255],
  },
  {
    name: "grey and alpha",
    base64:
      "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAQAAABeK7cBAAAADUlEQVR4nGNg/3+iAQAFLgJPJQvhCQAAAABJRU5ErkJggg==",
    rgba: [7, 7, 7, 255, 200, 200, 200, 128],
  },
  {
    name: "RGB of 16 bits",
    base64:
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABEAIAAADA54+dAAAAD0lEQVR4nGMQMvn/n6EBAAjwAsUnVsEpAAAAAElFTkSuQmCC",
    rgba: [18, 255, 0, 255],
  },
  {
    name: "RGBA",
    base64:
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAACCAYAAACZgbYnAAAAEklEQVR4nGNgZGJmYfj1+89fAAoeA/n4NiudAAAAAElFTkSuQmCC",
    rgba: [1, 2, 3, 4, 250, 251, 252, 253],
  },
];

for (const { name, base64, rgba } of FILES) {
  Deno.test(`decodePng() reads ${name}`, () => {
    assert.deepEqual([...decodePng(Uint8Array.fromBase64(base64)).pixels], rgba);
  });
}

Deno.test("decodePng() refuses a damaged file", () => {
  const bytes = Uint8Array.fromBase64(FILES[6].base64);
  bytes[45] ^= 1;
  assert.throws(() => decodePng(bytes));
});

Deno.test("decodePng() refuses what is no PNG", () => {
  assert.throws(() => decodePng(new TextEncoder().encode("<svg/>")));
});
