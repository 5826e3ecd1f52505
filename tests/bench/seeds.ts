// deno run -A tests/bench/seeds.ts: training 16 seeds of a small MLP in one program (vmap) beside 16 separate runs.
//
// Both run the same 200 steps of SGD with momentum on the same provider and thread; turns alternate. Times are of
// the processor, which a busy machine disturbs less than those of the clock. Options: --width=N, --turns=N.

import { median } from "../../methods/stats/mod.ts";
import { parseArgs } from "node:util";
import process from "node:process";
import * as t from "../../methods/tensor/mod.ts";
import { stream } from "../../methods/tensor/random.ts";

const { values: options } = parseArgs({
  options: {
    width: { type: "string", default: "16,32" },
    turns: { type: "string", default: "15" },
  },
});
const [SEEDS, STEPS, BATCH, INPUTS] = [16, 200, 32, 8];
const turns = Number(options.turns);

interface Params {
  readonly layers: readonly { readonly w: t.Tensor; readonly b: t.Tensor }[];
}
interface Batch {
  readonly x: t.Tensor;
  readonly y: t.Tensor;
}

/** Layer sizes inputs, width, width, 1. */
function loss({ layers }: Params, { x, y }: Batch): t.Tensor {
  const out = layers.reduce(
    (h, { w, b }, i) => t.add(t.matmul(i === 0 ? h : t.relu(h), w), b),
    x,
  );
  return t.mean(t.square(t.sub(t.squeeze(out, 1), y)));
}

/** Batches [steps, batch, …] → the parameters and the losses of all steps. */
function train(start: Params, batches: Batch): readonly [Params, t.Tensor] {
  const each = (f: (...x: t.Tensor[]) => t.Tensor, ...p: Params[]): Params => ({
    layers: p[0].layers.map((_, i) => ({
      w: f(...p.map((q) => q.layers[i].w)),
      b: f(...p.map((q) => q.layers[i].b)),
    })),
  });
  const [last, losses] = t.scan(
    (c: { p: Params; m: Params }, batch: Batch): readonly [typeof c, t.Tensor] => {
      const [value, g] = t.valueAndGrad(loss)(c.p, batch);
      const m = each((m, g) => t.add(t.mul(m, 0.9), g), c.m, g);
      return [{ p: each((p, m) => t.sub(p, t.mul(m, 0.01)), c.p, m), m }, value];
    },
    { p: start, m: each((p) => t.mul(p, 0), start) },
    batches as never,
  );
  return [last.p, losses as t.Tensor];
}

const normal = (name: string, shape: number[], std = 1) =>
  stream(1, "seeds", name).normal(shape, { std });

function params(lead: number[], width: number): t.Host<Params> {
  const sizes = [INPUTS, width, width, 1];
  return {
    layers: sizes.slice(1).map((out, i) => ({
      w: normal(`w${i}`, [...lead, sizes[i], out], 1 / Math.sqrt(sizes[i])),
      b: normal(`b${i}`, [...lead, out], 0.1),
    })),
  } as unknown as t.Host<Params>;
}

const data = (lead: number[]) => ({
  x: normal("x", [...lead, STEPS, BATCH, INPUTS]),
  y: normal("y", [...lead, STEPS, BATCH]),
});

/** Processor milliseconds. */
async function cost(f: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await f();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

for (const width of options.width.split(",").map(Number)) {
  const [p, b, ps, bs] = [params([], width), data([]), params([SEEDS], width), data([SEEDS])];
  const single = await t.load(t.compile(train, [p, b] as never), { provider: "cpu" });
  const all = await t.load(t.compile(t.vmap(train), [ps, bs] as never), { provider: "cpu" });
  const separate: number[] = [], together: number[] = [];
  for (let turn = 0; turn <= turns; turn++) {
    separate.push(
      await cost(async () => {
        for (let seed = 0; seed < SEEDS; seed++) await single.run(p as never, b as never);
      }),
    );
    together.push(await cost(() => all.run(ps as never, bs as never)));
    // The first turn warms up.
    if (turn === 0) separate.length = together.length = 0;
  }
  await single.dispose();
  await all.dispose();
  const [one, other] = [median(separate), median(together)];
  console.log(
    `MLP ${INPUTS}-${width}-${width}-1, batch ${BATCH}, ${STEPS} steps, ${SEEDS} seeds: ${
      one.toFixed(0)
    } ms in separate runs, ${other.toFixed(0)} ms in one (${(other / one).toFixed(2)} of it)`,
  );
}
