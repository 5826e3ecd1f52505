/** The report on synthetic studies, the configuration's refusals, and reading of images. */

import assert from "node:assert/strict";
import { pooled, principalCoordinates } from "../../../methods/minkowski/image_design.ts";
import { imagePoints } from "../../../methods/minkowski/image_design.ts";
import { seedMetrics } from "../../../methods/minkowski/measures.ts";
import { evaluateStudies } from "../../../methods/stats/claims.ts";
import { stream } from "../../../methods/tensor/random.ts";
import { decode } from "../../../methods/tensor/safetensors.ts";
import type { ReportSection } from "../../../pipeline/types.ts";
import { loadClaims } from "../../../stages/minkowski/claims.ts";
import { run as prepare } from "../../../stages/minkowski/prepare_images_run.ts";
import { run as report } from "../../../stages/minkowski/report_run.ts";
import { minkowskiConfig } from "../../../stages/minkowski/schema.ts";
import { balanced, syntheticDesigns, syntheticStudy } from "./synthetic.ts";

const CONFIG = {
  study: {
    smoothness: 1,
    lengthScale: 2,
    noise: 1,
    fit: { sizes: [64, 128, 256], width: 8, steps: 100, lr: 0.001 },
  },
  rows: { fresh: 64, validation: 32, test: 32 },
  measures: { comparedSize: 128 },
  designs: ["exp1_d16"],
  seeds: [0],
  images: { sets: [], seeds: [0] },
};

async function sections(seeds: number, sets: ("mnist" | "cifar10")[]): Promise<ReportSection[]> {
  const designs = syntheticDesigns({ law: balanced, seeds });
  const results = evaluateStudies(loadClaims(), { gaussian: seedMetrics(designs, 2000) });
  const input = <T>(value: T) => ({ path: "input.json", read: () => Promise.resolve(value) });
  const { study, rows, measures } = minkowskiConfig.parse(CONFIG);
  let written: ReportSection[] = [];
  await report({
    inputs: {
      designs: input(designs),
      images: sets.map(() => input(syntheticStudy("poly2_d64", { law: balanced, seeds }))),
      eigenvalues: sets.map(() => input(Array.from({ length: 64 }, (_, j) => (j + 1) ** -2))),
      verdicts: input(results.map((r) => r.verdict)),
      evidence: input(results.map((r) => r.evidence)),
    },
    params: { sets, study, rows, measures },
    outputs: {
      sections: { path: "sections.json", write: (s) => Promise.resolve(void (written = s)) },
    },
    provider: "cpu",
    threads: 1,
    progress: () => {},
  });
  return written;
}

Deno.test("the report has its sections, well-formed, with one seed and with many", async () => {
  const ids = "outcome curves slopes claims dimension floors images seeds limits".split(" ");
  const many = await sections(8, ["mnist", "cifar10"]);
  assert.deepEqual(many.map((s) => s.id), ids);
  assert.match(many[0].html, /reproduces the abstract's qualitative claim/);
  const one = await sections(1, []);
  assert.deepEqual(one.map((s) => s.id), ids.filter((id) => id !== "images"));
  assert.match(one[0].html, /leaves the abstract's qualitative claim open/);
  for (const { id, html } of [...many, ...one]) {
    assert.doesNotMatch(html, /<script|NaN|undefined|Infinity|\[object/, id);
  }
});

Deno.test("the configuration refuses sizes and intervals that do not fit", () => {
  assert.ok(minkowskiConfig.safeParse(CONFIG).success);
  const refused = (change: object, words: RegExp) => {
    const parsed = minkowskiConfig.safeParse({ ...CONFIG, ...change });
    assert.match(parsed.error!.message, words);
  };
  const fit = (change: object) => ({
    study: { ...CONFIG.study, fit: { ...CONFIG.study.fit, ...change } },
  });
  refused({ measures: { comparedSize: 100 } }, /none of study.fit.sizes/);
  refused(fit({ interval: 30 }), /does not divide/);
  refused(fit({ sizes: [128, 64, 256] }), /must rise/);
  refused({ designs: ["exp9"] }, /designs|Invalid option/);
});

Deno.test("pooled() takes means of squares, channel by channel", () => {
  const data = Uint8Array.from([0, 255, 255, 255, 51, 51, 51, 51, 0, 0, 0, 255, 51, 51, 51, 51]);
  const grey = pooled({ data: data.subarray(0, 8), height: 2, width: 4, channels: 1 }, 2);
  assert.deepEqual(grey.shape, [1, 2]);
  const close = (actual: ArrayLike<unknown>, expected: number[]) =>
    expected.forEach((e, i) => assert.ok(Math.abs(Number(actual[i]) - e) < 1e-6, `${actual}`));
  // Rows 0 255 255 255 and 51 51 51 51.
  close(grey.data, [(255 + 102) / 4 / 255, (510 + 102) / 4 / 255]);
  const coloured = pooled({ data: data.subarray(0, 8), height: 2, width: 2, channels: 2 }, 2);
  close(coloured.data, [(0 + 255 + 51 + 51) / 4 / 255, (255 + 255 + 51 + 51) / 4 / 255]);
  assert.throws(() => pooled({ data, height: 4, width: 4, channels: 1 }, 3), /do not fill/);
});

Deno.test("principal coordinates are uncorrelated, in order, with a first variance of 1", () => {
  const rows = 400, d = 5;
  const normal = stream(1, "normal").normal([rows, d]).data as Float32Array;
  // Mixed: coordinate j is normal_j · (d − j) + normal_0.
  const data = normal.map((v, i) => v * (d - i % d) + normal[i - i % d]);
  const sample = { dtype: "float32" as const, shape: [rows, d], data };
  const { eigenvalues, samples: [x] } = principalCoordinates([sample]);
  for (let j = 0; j < d; j++) {
    for (let k = j; k < d; k++) {
      let sum = 0;
      for (let i = 0; i < rows; i++) sum += Number(x.data[i * d + j]) * Number(x.data[i * d + k]);
      const expected = j === k ? eigenvalues[j] : 0;
      assert.ok(Math.abs(sum / rows - expected) < 1e-4, `${j}, ${k}: ${sum / rows}`);
    }
  }
  assert.equal(eigenvalues[0], 1);
  const points = { pool: 100, fresh: 200, validation: 100, test: 50 };
  const drawn = imagePoints(1, { train: x, test: x }, points);
  const firsts = new Set([...drawn.pool.data, ...drawn.fresh.data, ...drawn.validation.data]);
  assert.equal(firsts.size, rows * d, "no training image is used twice");
  assert.throws(() => imagePoints(1, { train: x, test: x }, { ...points, pool: 101 }), /wanted/);
});

Deno.test("prepare_images reads IDX files, and refuses others", async () => {
  const idx = (images: number) => {
    const bytes = new Uint8Array(16 + images * 784);
    const view = new DataView(bytes.buffer);
    [2051, images, 28, 28].forEach((v, i) => view.setUint32(4 * i, v));
    for (let i = 16; i < bytes.length; i++) bytes[i] = (i * i * 31 + 7 * i) % 256;
    return bytes;
  };
  const outputs = { images: new Uint8Array(), eigenvalues: [] as number[] };
  const prepared = (files: Record<string, Uint8Array<ArrayBuffer>>) =>
    prepare({
      inputs: {
        files: {
          path: "files",
          list: () => Promise.resolve(Object.keys(files)),
          bytes: (name) => Promise.resolve(files[name]),
          text: () => Promise.reject(new Error("no text")),
        },
      },
      params: { set: "mnist", images: 120 },
      outputs: {
        images: {
          path: "images",
          write: (b) => Promise.resolve(void (outputs.images = b as Uint8Array<ArrayBuffer>)),
        },
        eigenvalues: {
          path: "eigenvalues",
          write: (v) => Promise.resolve(void (outputs.eigenvalues = v)),
        },
      },
      provider: "cpu",
      threads: 1,
      progress: () => {},
    });
  const names = ["data/train-images-idx3-ubyte", "data/t10k-images-idx3-ubyte"];
  await prepared({ [names[0]]: idx(150), [names[1]]: idx(20) });
  const { train, test } = decode(outputs.images);
  assert.deepEqual([train.shape, test.shape], [[120, 196], [20, 196]]);
  assert.equal(outputs.eigenvalues.length, 196);
  await assert.rejects(prepared({ [names[0]]: idx(100), [names[1]]: idx(20) }), /100 are there/);
  await assert.rejects(
    prepared({ [names[0]]: new Uint8Array(32), [names[1]]: idx(20) }),
    /not an IDX file/,
  );
});
