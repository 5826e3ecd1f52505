// checkpoint: values and derivatives as without it, in loops and batches; what is computed again, what memory it takes.
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";
import { distance, evaluate, values } from "./harness.ts";

type P = { w: t.Tensor[]; scale: t.Tensor };

/** A stack of layers that also captures a tensor; `wrap` stands for checkpoint or nothing. */
const network = (wrap: typeof t.checkpoint) => (p: P, x: t.Tensor) => {
  const layer = wrap((h: t.Tensor, w: t.Tensor) => {
    const y = t.gelu(t.matmul(h, t.mul(w, p.scale)));
    return { y, norm: t.mean(t.square(y)) };
  });
  let h = x, penalty: t.Tensor = t.constant(0, "float64");
  for (const w of p.w) {
    const r = layer(h, w);
    h = r.y;
    penalty = t.add(penalty, r.norm);
  }
  return t.add(t.sum(t.tanh(h)), penalty);
};
const plain = ((f: unknown) => f) as typeof t.checkpoint;
const params = { w: [1, 2, 3].map((i) => values([3, 3], i)), scale: values([], 4) };

function same(actual: readonly t.NdArray[], expected: readonly t.NdArray[]): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((x, i) => {
    assert.deepEqual(x.shape, expected[i].shape);
    const worst = distance(t.toNumbers(x), t.toNumbers(expected[i]));
    assert.ok(worst < 1e-12, `${i}: off by ${worst}`);
  });
}

Deno.test("checkpoint() changes no value and no derivative to third order", async () => {
  const all = (wrap: typeof t.checkpoint) => (p: P, x: t.Tensor) => {
    const f = (p: P) => network(wrap)(p, x);
    const list = (p: P) => [...p.w, p.scale];
    const squared = (f: (p: P) => t.Tensor) => (p: P) =>
      list(t.grad(f)(p)).map((g) => t.sum(t.square(g))).reduce((a, b) => t.add(a, b));
    const halves = (p: P): P => ({ w: p.w.map((w) => t.mul(w, 0.5)), scale: p.scale });
    return [
      f(p),
      ...list(t.grad(f)(p)),
      ...list(t.grad(squared(f))(p)),
      squared(squared(f))(p),
      t.jvp(f, p, halves(p))[1],
      ...list(t.hessianVectorProduct(f, p, halves(p))),
      ...t.vmap((x: t.Tensor) => list(t.grad((p: P) => network(wrap)(p, t.expandDims(x, 0)))(p)))(
        x,
      ),
    ];
  };
  const [actual, expected] = await evaluate(
    (p: P, x: t.Tensor) => [all(t.checkpoint)(p, x), all(plain)(p, x)],
    [params, values([2, 3], 5)],
  );
  same(actual, expected);
});

Deno.test("checkpoint() within scan() and cond(), and around them", async () => {
  const f = (wrap: typeof t.checkpoint) => (w: t.Tensor, xs: t.Tensor) => {
    const step = wrap((c: t.Tensor, x: t.Tensor) =>
      t.cond(
        t.less(t.sum(x), 0),
        wrap((c: t.Tensor) => t.sin(t.matmul(c, w))),
        (c: t.Tensor) => t.tanh(t.add(c, x)),
        c,
      )
    );
    const loop = wrap((xs: t.Tensor) =>
      t.scan(
        (c: t.Tensor, x: t.Tensor) => {
          const next = step(c, x);
          return [next, t.sum(next)] as const;
        },
        t.take(xs, 0),
        xs,
      )
    );
    const [last, ys] = loop(xs);
    return t.add(t.sum(last), t.sum(t.square(ys)));
  };
  const all = (wrap: typeof t.checkpoint) => (w: t.Tensor, xs: t.Tensor) => [
    t.grad(f(wrap))(w, xs),
    t.grad((w: t.Tensor) => t.sum(t.square(t.grad(f(wrap))(w, xs))))(w),
    t.vmap(t.grad(f(wrap)), { inAxes: [0, null] })(t.stack([w, t.mul(w, 2)]), xs),
  ];
  const [actual, expected] = await evaluate(
    (w: t.Tensor, xs: t.Tensor) => [all(t.checkpoint)(w, xs), all(plain)(w, xs)],
    [values([3, 3], 1), values([4, 3], 2)],
  );
  same(actual, expected);
});

Deno.test("the forward pass runs once more, and not at all without a derivative", () => {
  const spec = { dtype: "float32", shape: [64, 64] } as const;
  const loss = (wrap: typeof t.checkpoint) => (w: t.Tensor[], x: t.Tensor) => {
    const layer = wrap((h: t.Tensor, w: t.Tensor) => t.tanh(t.matmul(h, w)));
    return t.sum(w.reduce((h, w) => layer(h, w), x));
  };
  const flops = (f: (w: t.Tensor[], x: t.Tensor) => unknown) =>
    t.compile(f as (w: t.Tensor[], x: t.Tensor) => t.Tensor, [[spec, spec, spec, spec], spec])
      .flops;
  const [value, kept, again] = [
    flops(loss(plain)),
    flops(t.grad(loss(plain))),
    flops(t.grad(loss(t.checkpoint))),
  ];
  assert.equal(flops(loss(t.checkpoint)), value);
  // The last layer's slope is needed at once, so nothing of it is computed twice.
  assert.ok(again > kept + 0.7 * value && again < kept + 1.1 * value, `${(again - kept) / value}`);
});

/** Peak resident bytes of one gradient of a deep network beyond what was resident before it, in a fresh process. */
async function peak(checkpointed: boolean): Promise<number> {
  const program = new URL("checkpoint_memory.ts", import.meta.url).pathname;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", program, checkpointed ? "checkpoint" : "plain"],
    env: { NO_COLOR: "1" },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return Number(new TextDecoder().decode(stdout));
}

Deno.test({
  name: "checkpoint() cuts the peak memory of a deep network to well under two thirds",
  // Peak sizes are read from /proc.
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const [kept, again] = [await peak(false), await peak(true)];
    assert.ok(again < 0.65 * kept, `${again} bytes with checkpoint(), ${kept} without`);
  },
});
