/** Convolutions in ONNX Runtime's blocked layout, against its own general ones, which WASM runs. */

import { describe, it } from "@std/testing/bdd";
import assert from "node:assert/strict";
import { fromBinary } from "@bufbuild/protobuf";
import * as ort from "onnxruntime-node";
import * as t from "../../../../methods/tensor/mod.ts";
import { blockConvolutions } from "../../../../methods/tensor/providers/blocked.ts";
import { channelBlock } from "../../../../methods/tensor/providers/channel_block.ts";
import { type GraphProto, ModelProtoSchema } from "../../../../methods/tensor/onnx/onnx_pb.ts";
import { distance, evaluate, values } from "../harness.ts";

type Convolution = (x: t.Tensor, w: t.Tensor) => t.Tensor;
interface Case {
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly options?: t.Conv2dOptions;
}

/** Channels are 16 or 32: whole blocks of 8 and of 16. */
const blockable: Readonly<Record<string, Case>> = {
  "3 × 3": { x: [2, 16, 7, 9], w: [32, 16, 3, 3], options: { padding: 1 } },
  "1 × 1 with a stride": { x: [2, 32, 7, 8], w: [16, 32, 1, 1], options: { stride: 2 } },
  "one image, no padding": { x: [1, 16, 6, 5], w: [16, 16, 2, 3] },
  "padding on one side": {
    x: [3, 16, 5, 6],
    w: [16, 16, 3, 2],
    options: { padding: [[2, 0], [0, 1]] },
  },
  "dilation and strides of two sizes": {
    x: [2, 16, 11, 12],
    w: [16, 16, 3, 3],
    options: { dilation: [2, 1], stride: [1, 3], padding: 2 },
  },
  "fewer channels than a block": { x: [2, 3, 8, 8], w: [16, 3, 5, 5], options: { padding: 2 } },
  "one channel": { x: [2, 1, 8, 8], w: [16, 1, 3, 3], options: { padding: "same", stride: 2 } },
  "groups of whole blocks": { x: [2, 32, 6, 6], w: [32, 16, 3, 3], options: { groups: 2 } },
  "each channel alone": { x: [2, 32, 6, 6], w: [32, 1, 3, 3], options: { groups: 32, padding: 1 } },
};

const general: Readonly<Record<string, Case>> = {
  "results in parts of a block": { x: [2, 16, 5, 5], w: [12, 16, 3, 3] },
  "channels in parts of a block": { x: [2, 20, 5, 5], w: [16, 20, 3, 3] },
  "groups in parts of a block": { x: [2, 16, 5, 5], w: [16, 4, 3, 3], options: { groups: 4 } },
  "padding wider than the kernel": { x: [2, 16, 5, 5], w: [16, 16, 2, 2], options: { padding: 2 } },
  "no images": { x: [0, 16, 5, 5], w: [16, 16, 3, 3] },
};

const inputs = ({ x, w }: Case): [t.NdArray, t.NdArray] => [
  values(x, 1, "float32"),
  values(w, 2, "float32"),
];

/** Compiles and lays out in blocks of 8. */
function laidOut<A extends readonly unknown[]>(program: t.Program<A, unknown>) {
  const specs = Object.fromEntries(program.inputs.map((s) => [s.name, s]));
  return blockConvolutions(program.model, 8, { ...program.values, ...specs });
}

/** How often each operator occurs, with its domain, in loop bodies too. */
function operators(model: Uint8Array): Map<string, number> {
  const counts = new Map<string, number>();
  const visit = (graph: GraphProto) =>
    graph.node.forEach(({ domain, opType, attribute }) => {
      const key = domain === "" ? opType : `${domain}.${opType}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      attribute.forEach(({ g }) => g && visit(g));
    });
  visit(fromBinary(ModelProtoSchema, model).graph!);
  return counts;
}

const blockedConv = "com.microsoft.nchwc.Conv";

function assertSame(a: t.NdArray, b: t.NdArray): void {
  assert.deepEqual(a.shape, b.shape);
  const d = distance(t.toNumbers(a), t.toNumbers(b));
  assert.ok(d < 1e-5, `largest relative difference ${d}`);
}

describe("blocked convolutions", () => {
  for (const [name, c] of Object.entries(blockable)) {
    const conv: Convolution = (x, w) => t.conv2d(x, w, c.options);
    it(`${name}: rewritten, and the same numbers`, async () => {
      const counts = operators(laidOut(t.compile(conv, inputs(c))));
      assert.equal(counts.get(blockedConv), 1);
      assert.equal(counts.get("Conv"), undefined);
      assertSame(await evaluate(conv, inputs(c)), await evaluate(conv, inputs(c), "wasm"));
    });
  }

  for (const [name, c] of Object.entries(general)) {
    const conv: Convolution = (x, w) => t.conv2d(x, w, c.options);
    it(`${name}: left as it is`, async () => {
      const program = t.compile(conv, inputs(c));
      assert.equal(laidOut(program), program.model);
      assertSame(await evaluate(conv, inputs(c)), await evaluate(conv, inputs(c), "wasm"));
    });
  }

  it("leaves constant kernels, which ONNX Runtime lays out itself, and sequences", () => {
    const [x, w] = inputs(blockable["3 × 3"]);
    const constant = t.compile((x: t.Tensor) => t.conv2d(x, w), [x]);
    assert.equal(laidOut(constant), constant.model);
    const sequence = t.compile((x: t.Tensor, w: t.Tensor) => t.conv1d(x, w), [
      values([2, 16, 9], 1, "float32"),
      values([16, 16, 3], 2, "float32"),
    ]);
    assert.equal(laidOut(sequence), sequence.model);
  });

  it("lays an image out once for several kernels, in a loop its own", async () => {
    const x = values([2, 16, 6, 6], 1, "float32"), w = values([16, 16, 3, 3], 2, "float32");
    const f = (x: t.Tensor, w: t.Tensor) => {
      const both = t.add(
        t.conv2d(x, w, { padding: 1 }),
        t.conv2d(x, t.mul(w, -0.5), { padding: 1 }),
      );
      // Outside and inside the loop the same kernel, inside first in the order of the model or not.
      const [last] = t.scan(
        (carry: t.Tensor) => [t.mul(0.01, t.conv2d(carry, w, { padding: 1 })), carry] as const,
        both,
        t.iota(3),
      );
      return t.add(last, both);
    };
    const counts = operators(laidOut(t.compile(f, [x, w])));
    assert.equal(counts.get(blockedConv), 3);
    assert.equal(counts.get("com.microsoft.nchwc.ReorderInput"), 2);
    assertSame(await evaluate(f, [x, w]), await evaluate(f, [x, w], "wasm"));
  });

  it("one tensor as image and as kernel is laid out for each", async () => {
    const x = values([16, 16, 3, 3], 1, "float32"), w = values([16, 16, 3, 3], 2, "float32");
    const f = (x: t.Tensor, w: t.Tensor) => {
      const padding = 1;
      return t.add(
        t.add(t.conv2d(x, w, { padding }), t.conv2d(w, x, { padding })),
        t.conv2d(x, x, { padding }),
      );
    };
    assert.equal(operators(laidOut(t.compile(f, [x, w]))).get(blockedConv), 3);
    assertSame(await evaluate(f, [x, w]), await evaluate(f, [x, w], "wasm"));
  });

  it("trains: gradients by images and kernels through two layers, a loop of steps", async () => {
    const start = {
      first: values([16, 3, 3, 3], 3, "float32"),
      second: values([32, 16, 3, 3], 4, "float32"),
    };
    const x = values([4, 3, 8, 8], 5, "float32");
    type P = { first: t.Tensor; second: t.Tensor };
    const loss = ({ first, second }: P, x: t.Tensor) => {
      const h = t.relu(t.conv2d(x, first, { padding: 1 }));
      return t.mean(t.square(t.conv2d(h, second, { padding: 1, stride: 2 })));
    };
    const train = (p: P, x: t.Tensor) =>
      t.scan(
        (p: P) => {
          const g = t.grad(loss)(p, x);
          const step = (w: t.Tensor, d: t.Tensor) => t.sub(w, t.mul(0.01, d));
          return [{ first: step(p.first, g.first), second: step(p.second, g.second) }, loss(p, x)];
        },
        p,
        t.iota(5),
      );
    const [cpu, cpuLosses] = await evaluate(train, [start, x]) as [t.Host<P>, t.NdArray];
    const [wasm, wasmLosses] = await evaluate(train, [start, x], "wasm") as [t.Host<P>, t.NdArray];
    assertSame(cpu.first, wasm.first);
    assertSame(cpu.second, wasm.second);
    assertSame(cpuLosses, wasmLosses);
  });

  it("an operator that fails is still named in the program's terms", () => {
    const names = fromBinary(
      ModelProtoSchema,
      laidOut(
        t.compile((x: t.Tensor, w: t.Tensor) => t.conv2d(x, w), inputs(blockable["3 × 3"])),
      ),
    ).graph!.node.map((n) => n.name);
    assert.equal(new Set(names).size, names.length);
    assert.ok(names.some((name) => /^conv\/Conv_\d+\.\d+$/.test(name)), names.join(", "));
  });

  it("the processor's block is a whole power of two, or there is none", async () => {
    const block = await channelBlock(ort);
    assert.ok(block === null || block === 8 || block === 16, `${block}`);
  });
});
