// Drawings: every box and edge is of the graph, loops and scopes are clusters, what is large is grouped.
import assert from "node:assert/strict";
import { linear } from "../../../methods/nn/mod.ts";
import * as t from "../../../methods/tensor/mod.ts";

const f32 = (...shape: number[]): t.Spec => ({ dtype: "float32", shape });

/** Labels of boxes, edges by label, and labels of clusters, read back from DOT. */
function read(dot: string) {
  const boxes = new Map(
    [...dot.matchAll(/^\s*(n\d+) \[label="([^"]*)"/gm)].map((m) => [m[1], m[2]]),
  );
  const edges = [...dot.matchAll(/^\s*(n\d+) -> (n\d+)/gm)].map(([, from, to]) => {
    assert.ok(boxes.has(from) && boxes.has(to), `${from} -> ${to}`);
    return `${boxes.get(from)} → ${boxes.get(to)}`;
  });
  const clusters = [...dot.matchAll(/subgraph cluster_\d+ \{\s*label="([^"]*)"/g)].map((m) => m[1]);
  return { boxes: [...boxes.values()], edges, clusters };
}

const training = (options: t.CompileOptions = {}) => {
  const body = (w: t.Tensor, x: t.Tensor) => {
    const h = t.namedScope("hidden", () => t.tanh(t.matmul(x, w)));
    return [w, t.sum(h)] as const;
  };
  return t.compile(
    (w: t.Tensor, xs: t.Tensor) => t.scan(body, w, xs),
    [f32(4, 3), f32(9, 2, 4)],
    options,
  );
};

Deno.test("a loop's graph is drawn whole: arguments, carry, slices, scope, results", () => {
  const { boxes, edges, clusters } = read(t.drawDot(training()));
  assert.deepEqual(clusters, ["scan, 9 steps", "hidden"]);
  assert.deepEqual(
    boxes.toSorted(),
    [
      String.raw`Gemm\nfloat32[2, 3]`,
      String.raw`Tanh\nfloat32[2, 3]`,
      String.raw`argument 0\nfloat32[4, 3]`,
      String.raw`argument 1\nfloat32[9, 2, 4]`,
      String.raw`carry\nfloat32[4, 3]`,
      String.raw`result 0\nfloat32[4, 3]`,
      String.raw`result 1\nfloat32[9]`,
      String.raw`slice\nfloat32[2, 4]`,
      String.raw`sum (ReduceSum)\nfloat32[]`,
    ].toSorted(),
  );
  const plain = edges.map((e) => e.replaceAll(/\\n\w+\[[^\]]*\]/g, "")).toSorted();
  assert.deepEqual(
    plain,
    [
      "Gemm → Tanh",
      "Tanh → sum (ReduceSum)",
      "argument 0 → carry",
      "argument 1 → slice",
      "carry → Gemm",
      "carry → result 0",
      "slice → Gemm",
      "sum (ReduceSum) → result 1",
    ].toSorted(),
  );
});

Deno.test("draw() gives an SVG image with every label", async () => {
  const svg = await t.draw(training());
  assert.match(svg, /^<svg [^>]*viewBox=/);
  assert.match(svg, /<\/svg>\s*$/);
  for (const label of ["scan, 9 steps", "hidden", "argument 1", "float32[2, 3]"]) {
    assert.ok(svg.includes(`>${label}</text>`), label);
  }
});

Deno.test("a decoded program is drawn the same", () => {
  const program = training();
  assert.equal(t.drawDot(t.decodeProgram(t.encodeProgram(program))), t.drawDot(program));
});

/** `depth` layers, named or not. */
function deep(depth: number, named: boolean, options: t.CompileOptions = {}) {
  const forward = (w: t.Tensor, x: t.Tensor) => {
    const layer = (x: t.Tensor) => t.tanh(t.matmul(t.exp(x), w));
    let y = x;
    for (let i = 0; i < depth; i++) {
      y = named ? t.namedScope(`layer${i}`, () => layer(y)) : layer(y);
    }
    return y;
  };
  return t.compile(forward, [f32(3, 3), f32(2, 3)], options);
}

Deno.test("a large graph is drawn by named scopes", () => {
  const { boxes, edges } = read(t.drawDot(deep(20, true), { limit: 30 }));
  assert.deepEqual(boxes.filter((b) => b.startsWith("layer")).length, 20);
  assert.ok(boxes.includes(String.raw`layer7\n3 nodes`), boxes.join());
  assert.ok(edges.includes(String.raw`layer7\n3 nodes → layer8\n3 nodes`));
});

Deno.test("without names a large graph is refused; traced, it is drawn by functions", () => {
  assert.throws(() => t.drawDot(deep(20, false), { limit: 30 }), {
    name: "TensorError",
    problem: "draw: 63 boxes are more than the limit of 30; compile with { trace: true } or name " +
      "parts with namedScope() to draw a box for each, or raise the limit",
  });
  const { boxes } = read(t.drawDot(deep(20, false, { trace: true }), { limit: 30 }));
  assert.ok(boxes.includes(String.raw`layer\n60 nodes`), boxes.join());
});

Deno.test("namedScope() names nodes of the gradient too, and changes no value", () => {
  const loss = (p: { w: t.Tensor; b: t.Tensor }, x: t.Tensor, named: boolean) => {
    const layer = () => t.sum(t.tanh(linear(p, x)));
    return named ? t.namedScope("layer", layer) : layer();
  };
  const [named, plain] = [true, false].map((on) =>
    t.compile(
      (p: Parameters<typeof loss>[0], x: t.Tensor) => t.grad(loss)(p, x, on),
      [{ w: f32(4, 3), b: f32(3) }, f32(2, 4)],
    )
  );
  assert.deepEqual(read(t.drawDot(named)).clusters, ["layer", "gradient", "layer"]);
  assert.deepEqual(read(t.drawDot(plain)).clusters, []);
  assert.deepEqual(
    read(t.drawDot(named)).boxes.toSorted(),
    read(t.drawDot(plain)).boxes.toSorted(),
  );
});

Deno.test("branches and loops whose length the data decide are drawn and summed up", () => {
  const program = t.compile((x: t.Tensor) =>
    t.cond(
      t.less(t.sum(x), 0),
      (x: t.Tensor) => t.neg(x),
      (x: t.Tensor) => t.whileLoop((x) => t.less(t.sum(x), 100), (x) => t.mul(x, 2), x),
      x,
    ), [f32(3)]);
  const { boxes, clusters } = read(t.drawDot(program));
  assert.deepEqual(clusters, ["if true", "if false", "whileLoop"]);
  assert.ok(boxes.includes(String.raw`cond\nfloat32[3]`));
  const { operators, bytes } = t.summary(program);
  assert.deepEqual(
    operators.filter((o) => ["If", "Loop", "Neg"].includes(o.operator)).map((o) => o.executions),
    [1, 1, 1],
  );
  assert.ok(bytes.peak >= 2 * 12);
});
