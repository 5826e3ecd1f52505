// Programs as files: read back they are the same program; what is damaged or foreign is refused.
import assert from "node:assert/strict";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import * as t from "../../../methods/tensor/mod.ts";
import { ModelProtoSchema } from "../../../methods/tensor/onnx/onnx_pb.ts";
import { values } from "./harness.ts";

type P = { w: t.Tensor; deep: [t.Tensor, { b: t.Tensor }] };

/** A program with a loop, trees, constants and several dtypes. */
function example() {
  const f = (p: P, ids: t.Tensor, xs: t.Tensor) => {
    const step = (w: t.Tensor, x: t.Tensor) => {
      const [loss, g] = t.valueAndGrad((w: t.Tensor) =>
        t.mean(t.square(t.add(t.matmul(x, w), p.deep[1].b)))
      )(w);
      return [t.sub(w, t.mul(g, 0.1)), loss] as const;
    };
    const [w, losses] = t.scan(step, p.w, xs);
    const table = t.constant(values([30, 4], 9, "float32"));
    return { w, losses, rows: t.take(table, ids), big: t.greater(losses, 1), deep: p.deep };
  };
  const args = [
    {
      w: values([4, 2], 1, "float32"),
      deep: [t.ones([1]), { b: values([2], 2, "float32") }] as [t.NdArray, { b: t.NdArray }],
    },
    t.fromNumbers([3, 29], [2], "int32"),
    values([5, 6, 4], 3, "float32"),
  ] as const;
  return { program: t.compile(f, [...args], { name: "example" }), args };
}

const message = (bytes: Uint8Array): string => {
  try {
    t.decodeProgram(bytes);
  } catch (error) {
    assert.ok(error instanceof t.TensorError, `${error}`);
    assert.equal(error.code, "argument");
    return error.problem;
  }
  return "accepted";
};

Deno.test("a decoded program is the program, and computes the same bytes", async () => {
  const { program, args } = example();
  const bytes = t.encodeProgram(program);
  const again = t.decodeProgram(bytes) as typeof program;
  assert.deepEqual({ ...again, model: null }, { ...program, model: null });
  assert.deepEqual(again.model, program.model);
  assert.deepEqual(t.encodeProgram(again), bytes);
  async function run(p: typeof program) {
    const executable = await t.load(p, { provider: "cpu" });
    try {
      return await executable.run(...args);
    } finally {
      await executable.dispose();
    }
  }
  assert.deepEqual(await run(again), await run(program));
});

Deno.test("the file itself is a model that runs", async () => {
  const { program, args } = example();
  const whole = { ...program, model: t.encodeProgram(program) };
  const executable = await t.load(whole, { provider: "cpu" });
  assert.deepEqual((await executable.run(...args)).losses.shape, [5]);
  await executable.dispose();
});

Deno.test("any flipped bit and any cut is refused in one line", () => {
  const { program } = example();
  const bytes = t.encodeProgram(program);
  // A prime stride visits every part of the file: header, nodes, weights, metadata, digest.
  for (let i = 0; i < bytes.length; i += 37) {
    const damaged = bytes.slice();
    damaged[i] ^= 1 << (i % 8);
    const said = message(damaged);
    assert.match(said, /^decodeProgram: [^\n]+$/, `byte ${i}: ${said}`);
  }
  for (const length of [0, 1, 20, bytes.length >> 1, program.model.length, bytes.length - 1]) {
    assert.notEqual(message(bytes.slice(0, length)), "accepted", `${length} bytes`);
  }
});

Deno.test("models and files of others are refused by what they are", () => {
  const { program } = example();
  assert.match(message(new Uint8Array()), /: the bytes are no ONNX model$/);
  assert.match(
    message(new TextEncoder().encode("not a model")),
    /no ONNX model, or a damaged one$/,
  );
  assert.match(message(program.model), /by "tensor", but not one written by encodeProgram\(\)$/);
  const torch = fromBinary(ModelProtoSchema, program.model);
  torch.producerName = "pytorch";
  assert.match(
    message(toBinary(ModelProtoSchema, torch)),
    /an ONNX model made by "pytorch", but not one written by encodeProgram\(\)$/,
  );
  const renamed = fromBinary(ModelProtoSchema, t.encodeProgram(program));
  renamed.docString = "edited elsewhere";
  assert.match(message(toBinary(ModelProtoSchema, renamed)), /SHA-256 differs/);
});

Deno.test("a file of another format says how to mend it", async () => {
  const { program } = example();
  const model = fromBinary(ModelProtoSchema, t.encodeProgram(program));
  const text = model.metadataProps[0].value.replace('"format":1', '"format":2');
  const data = new Uint8Array([...program.model, ...new TextEncoder().encode(text)]);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", data)).toHex();
  model.metadataProps[0].value = text;
  model.metadataProps[1].value = hash;
  const tail = toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, { metadataProps: model.metadataProps }),
  );
  const bytes = new Uint8Array([...program.model, ...tail]);
  assert.match(message(bytes), /has format 2, this version reads 1; save it again$/);
});
