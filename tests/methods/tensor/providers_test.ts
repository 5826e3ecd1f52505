// Running programs: the same bytes every time, agreement of providers, and clear refusals.
import assert from "node:assert/strict";
import { COCA_DEFAULTS } from "../../../methods/nn/coca_config.ts";
import { cocaForward, type CocaParams, initCoca } from "../../../methods/nn/mod.ts";
import { stream } from "../../../methods/tensor/random.ts";
import * as t from "../../../methods/tensor/mod.ts";
import { distance, values } from "./harness.ts";

/** A few training steps of a small network: products, loops, normalisation, loss, scatter. */
function training() {
  type P = { table: t.Tensor; w: t.Tensor; scale: t.Tensor; bias: t.Tensor };
  const loss = (p: P, ids: t.Tensor, y: t.Tensor) => {
    const x = t.layerNorm(t.take(p.table, ids), p.scale, p.bias);
    return t.crossEntropy(t.matmul(t.gelu(x), p.w), y);
  };
  const f = (p: P, ids: t.Tensor, y: t.Tensor) =>
    t.scan(
      (p: P, b: { ids: t.Tensor; y: t.Tensor }) => {
        const [value, g] = t.valueAndGrad(loss)(p, b.ids, b.y);
        const { flat, unravel } = t.ravel(p);
        return [unravel(t.sub(flat, t.mul(t.ravel(g).flat, 0.5))), value] as const;
      },
      p,
      { ids, y },
    );
  const p = {
    table: values([11, 8], 1, "float32"),
    w: values([8, 5], 2, "float32"),
    scale: t.ones([8]),
    bias: t.zeros([8]),
  };
  const ids = t.fromNumbers(
    Array.from({ length: 60 }, (_, i) => (i * i + 3) % 11),
    [10, 6],
    "int32",
  );
  const y = t.fromNumbers(Array.from({ length: 60 }, (_, i) => (i * 7) % 5), [10, 6], "int32");
  return { program: t.compile(f, [p, ids, y]), args: [p, ids, y] as const };
}

async function bytesOf(provider: t.Provider, threads: number): Promise<t.NdArray[]> {
  const { program, args } = training();
  const executable = await t.load(program, { provider, threads });
  try {
    const first = await executable.run(...args);
    const list = (r: typeof first) => [...Object.values(r[0]), r[1]];
    const second = list(await executable.run(...args));
    list(first).forEach((x, i) => assert.deepEqual(x, second[i]));
    return second;
  } finally {
    await executable.dispose();
  }
}

function agree(actual: readonly t.NdArray[], expected: readonly t.NdArray[]): void {
  actual.forEach((x, i) => {
    assert.ok(distance(t.toNumbers(x), t.toNumbers(expected[i])) < 1e-4, `output ${i}`);
  });
}

Deno.test("cpu gives the same bytes in every run and session", async () => {
  for (const threads of [1, 2]) {
    assert.deepEqual(await bytesOf("cpu", threads), await bytesOf("cpu", threads));
  }
});

Deno.test("training lowers the loss", async () => {
  const losses = t.toNumbers((await bytesOf("cpu", 1)).at(-1)!);
  assert.ok(losses[9] < losses[0]);
});

Deno.test("wasm repeats its bytes and agrees with cpu", async () => {
  agree(await bytesOf("wasm", 1), await bytesOf("cpu", 1));
});

Deno.test("wasm ends on a large program whatever threads are asked for", async () => {
  const config = {
    ...COCA_DEFAULTS,
    ...{ width: 32, heads: 4, imageLayers: 2, textLayers: 2, multimodalLayers: 2 },
    ...{ embed: 32, image: 32, vocab: 300, textLength: 12 },
  };
  const params = initCoca(stream(0), config);
  const images = t.zeros([256, 3, 32, 32]), tokens = t.zeros([256, 12], "int32");
  const logits = (p: CocaParams, i: t.Tensor, k: t.Tensor) => cocaForward(config, p, i, k).logits;
  const program = t.compile(logits, [params, images, tokens]);
  const executable = await t.load(program, { provider: "wasm", threads: 2 });
  assert.deepEqual((await executable.run(params, images, tokens)).shape, [256, 12, 300]);
  await executable.dispose();
});

const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
Deno.test({
  name: `webgpu agrees with cpu${adapter ? "" : " (skipped: no WebGPU adapter here)"}`,
  ignore: !adapter,
  // The GPU device of onnxruntime-web outlives its sessions.
  sanitizeResources: false,
  sanitizeOps: false,
  fn: async () => agree(await bytesOf("webgpu", 1), await bytesOf("cpu", 1)),
});

Deno.test("repeated indices scatter in a fixed order on two threads", async () => {
  const program = t.compile(
    (u: t.Tensor, i: t.Tensor) => t.scatterAdd(t.zeros([8, 64]), i, u),
    [values([5000, 64], 1, "float32"), t.zeros([5000], "int64")],
  );
  const executable = await t.load(program, { provider: "cpu", threads: 2 });
  const at = t.fromNumbers(Array.from({ length: 5000 }, (_, i) => (i * 5) % 8), [5000], "int64");
  const run = () => executable.run(values([5000, 64], 1, "float32"), at);
  const first = await run();
  for (let i = 0; i < 5; i++) assert.deepEqual(await run(), first);
  await executable.dispose();
});

Deno.test("arguments that do not fit are refused by path", async () => {
  const spec = { dtype: "float32", shape: [2, 3] } as const;
  const program = t.compile(
    (p: { w: t.Tensor }, x: t.Tensor) => t.add(p.w, x),
    [{ w: spec }, spec],
    { name: "sum" },
  );
  const executable = await t.load(program, { provider: "cpu" });
  const ok = t.zeros([2, 3]);
  const refuse = (run: () => Promise<unknown>, message: RegExp) =>
    assert.rejects(run, (error) => {
      assert.ok(error instanceof t.TensorError);
      assert.equal(error.code, "input");
      assert.match(error.message, message);
      return true;
    });
  await refuse(
    () => executable.run({ w: t.zeros([3, 2]) }, ok),
    /sum: argument 0.w is float32\[3, 2\]; expected float32\[2, 3\]/,
  );
  await refuse(
    () => executable.run({ w: t.zeros([2, 3], "float64") }, ok),
    /argument 0.w is float64\[2, 3\]; expected float32/,
  );
  await refuse(() => executable.run({} as never, ok), /argument 0.w is missing/);
  await refuse(
    () => executable.run({ w: ok, extra: ok } as never, ok),
    /argument 0.extra is not one the program takes/,
  );
  await refuse(
    () => executable.run({ w: { ...ok, data: new Float32Array(5) } }, ok),
    /argument 0.w holds 5 elements; its shape says 6/,
  );
  await executable.dispose();
});

Deno.test("a provider that cannot run says so in one line", async () => {
  const program = t.compile((x: t.Tensor) => t.exp(x), [{ dtype: "float32", shape: [1] }]);
  const broken = { ...program, model: program.model.slice(0, 20) };
  for (const provider of ["cpu", "wasm"] as const) {
    await assert.rejects(t.load(broken, { provider }), (error) => {
      assert.ok(error instanceof t.TensorError);
      assert.equal(error.code, "provider");
      assert.match(error.message, new RegExp(`provider ${provider} cannot load the program`));
      assert.ok(!error.message.includes("\n"));
      return true;
    });
  }
  await assert.rejects(
    t.load(program, { provider: "tpu" as t.Provider }),
    /unknown provider "tpu"; choose cpu, cuda, wasm or webgpu/,
  );
});
