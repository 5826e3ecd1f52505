/** Presets of ConvResNeXt: their cells, and what the schema refuses. */

import assert from "node:assert/strict";
import { groupsOf } from "../../../stages/convresnext/cells.ts";
import { convResNeXtConfig } from "../../../stages/convresnext/schema.ts";
import { preset } from "./preset.ts";

Deno.test("every preset has the same studies; the published sizes are those of small and paper", async () => {
  const shape = async (
    name: string,
  ) => [...new Set(groupsOf(await preset(name)).map(({ study, arm }) => `${study}/${arm}`))];
  const small = await shape("small");
  for (const name of ["smoke", "calibration", "paper"]) assert.deepEqual(await shape(name), small);
  for (const name of ["small", "paper"]) {
    const { network } = await preset(name);
    assert.deepEqual(network, { w: 8, L: 6, K: 6, M: 2, N: 2 });
  }
});

Deno.test("no seed of the calibration is reported on", async () => {
  const tuned = new Set((await preset("calibration")).seeds);
  for (const name of ["small", "paper"]) {
    assert.ok((await preset(name)).seeds.every((seed) => !tuned.has(seed)));
  }
});

Deno.test("the arms of the dimension study differ in irrelevant coordinates and decay alone", async () => {
  const cells = (arm: string) =>
    groupsOf(ofSmall).filter((g) => g.arm === arm).flatMap((g) => g.cells);
  const ofSmall = await preset("small");
  const bare = (arm: string) =>
    cells(arm).map(({ data: { irrelevant: _, ...data }, decay: _d, ...cell }) => ({
      ...cell,
      data,
    }));
  assert.deepEqual(bare("filled"), bare("embedded"));
  assert.ok(cells("filled").every(({ data }) => data.irrelevant === 1));
  assert.ok(cells("embedded").every(({ data }) => data.irrelevant === 0));
});

Deno.test("lists that do not fit are refused with their place", async () => {
  const good = await preset("small");
  const problem = (config: unknown) => {
    const { error } = convResNeXtConfig.safeParse(config);
    return error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ") ??
      "";
  };
  assert.equal(problem(good), "");
  assert.match(
    problem({ ...good, classification: { ...good.classification, decay: [1e-3] } }),
    /^classification\.decay: needs a value for each of 3 n, has 1$/,
  );
  assert.match(
    problem({ ...good, dimension: { ...good.dimension, filledDecay: [[1, 1, 1]] } }),
    /^dimension\.filledDecay: needs a row for each D$/,
  );
  assert.match(
    problem({ ...good, sparsity: { ...good.sparsity, decays: [1e-3, 1e-2] } }),
    /^sparsity: the first decay is the control, 0$/,
  );
  assert.match(
    problem({ ...good, target: { knots: [0, 1], heights: [1, 2, 3] } }),
    /^target: as many heights as knots/,
  );
});
