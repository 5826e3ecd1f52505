// Gradients as transformations: trees, auxiliary results, higher order, what is held constant.
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";
import { distance, evaluate, values } from "./harness.ts";

const close = (x: t.NdArray, expected: readonly number[], tolerance = 1e-9) =>
  assert.ok(
    distance(t.toNumbers(x), expected) < tolerance,
    `${t.toNumbers(x)} instead of ${expected}`,
  );
const x = t.fromNumbers([0.5, -1.5, 2], [3], "float64");

Deno.test("grad() nests to any order", async () => {
  // d³/dx³ sin(x²) = −12 x sin x² − 8 x³ cos x²
  const f = (x: t.Tensor) => t.sin(t.square(x));
  const third = t.grad(t.grad(t.grad(f)));
  for (const v of [0.3, 1.1]) {
    const y = await evaluate(third, [t.full([], v, "float64")]);
    close(y, [-12 * v * Math.sin(v * v) - 8 * v ** 3 * Math.cos(v * v)]);
  }
});

Deno.test("second derivatives of layers agree with differences of first ones", async () => {
  const layers: Record<string, (x: t.Tensor) => t.Tensor> = {
    layerNorm: (x) => t.layerNorm(x, values([3], 4), values([3], 5)),
    softmax: (x) => t.softmax(x),
    logSumExp: (x) => t.logSumExp(x, 1, { keepDims: true }),
    gelu: (x) => t.gelu(x),
    sigmoid: (x) => t.sigmoid(x),
    matmul: (x) => t.matmul(x, t.matmul(t.transpose(x), x)),
    crossEntropy: (x) => t.crossEntropy(x, t.fromNumbers([0, 2], [2], "int64")),
    take: (x) => t.square(t.take(x, t.fromNumbers([1, 1, 0], [3], "int64"))),
    conv2d: (x) => t.square(t.conv2d(t.reshape(x, [1, 1, 2, 3]), values([2, 1, 2, 2], 6))),
  };
  const names = Object.keys(layers), direction = values([2, 3], 9), at = values([2, 3], 8);
  const slope = (name: string) =>
    t.grad((x: t.Tensor) => {
      const y = layers[name](x);
      return t.sum(t.mul(y, values(y.shape, 7)));
    });
  // Hessian times direction, by differentiating the slope along it.
  const program = t.compile((x: t.Tensor) => ({
    first: names.map((name) => slope(name)(x)),
    second: names.map((name) =>
      t.grad((x: t.Tensor) => t.sum(t.mul(slope(name)(x), direction)))(x)
    ),
  }), [at]);
  const executable = await t.load(program, { provider: "cpu" });
  const h = 1e-5;
  const moved = (d: number) =>
    executable.run(t.ndarray(
      Float64Array.from(at.data as Float64Array, (v, i) => v + d * Number(direction.data[i])),
      at.shape,
    ));
  const [here, up, down] = [await moved(0), await moved(h), await moved(-h)];
  await executable.dispose();
  names.forEach((name, i) => {
    const differences = t.toNumbers(up.first[i]).map((u, k) =>
      (u - Number(down.first[i].data[k])) / (2 * h)
    );
    assert.ok(distance(t.toNumbers(here.second[i]), differences) < 1e-6, name);
  });
});

Deno.test("valueAndGrad() takes trees, passes aux through and leaves other arguments alone", async () => {
  const f = (p: { w: t.Tensor; deep: [t.Tensor, { b: t.Tensor }] }, scale: t.Tensor) => {
    const y = t.mul(t.add(t.mul(p.w, p.deep[0]), p.deep[1].b), scale);
    return [t.sum(y), { y, twice: t.mul(y, 2) }] as const;
  };
  const [[value, aux], gradient] = await evaluate(
    (p: Parameters<typeof f>[0], scale: t.Tensor) => t.valueAndGrad(f, { hasAux: true })(p, scale),
    [{ w: x, deep: [x, { b: x }] }, t.full([], 3, "float64")],
  );
  const v = t.toNumbers(x);
  const y = v.map((w) => 3 * (w * w + w));
  close(value, [y.reduce((p, q) => p + q)]);
  close(aux.twice, y.map((q) => 2 * q));
  close(gradient.w, v.map((w) => 3 * w));
  close(gradient.deep[0], v.map((w) => 3 * w));
  close(gradient.deep[1].b, [3, 3, 3]);
});

Deno.test("gradients are taken with respect to the arguments only, even when they are computed", async () => {
  // y = x² is captured as well as passed: only the passed one counts.
  const g = await evaluate((x: t.Tensor) => {
    const y = t.square(x);
    return t.grad((z: t.Tensor) => t.sum(t.mul(z, y)))(y);
  }, [x]);
  close(g, t.toNumbers(x).map((v) => v * v));
});

Deno.test("stopGradient() is a constant; unused parameters have zero gradients", async () => {
  const g = await evaluate(
    (x: t.Tensor, unused: t.Tensor) =>
      t.grad((p: { x: t.Tensor; unused: t.Tensor }) =>
        t.sum(t.mul(t.stopGradient(t.exp(p.x)), p.x))
      )({ x, unused }),
    [x, t.zeros([2], "float64")],
  );
  close(g.x, t.toNumbers(x).map(Math.exp));
  close(g.unused, [0, 0]);
});

Deno.test("ties of maximum() share their gradient, relu() has none at zero", async () => {
  const [m, r] = await evaluate((x: t.Tensor) => [
    t.grad((x: t.Tensor) => t.sum(t.maximum(x, 1)))(x),
    t.grad((x: t.Tensor) => t.sum(t.relu(x)))(t.sub(x, 1)),
  ], [t.fromNumbers([0, 1, 2], [3])]);
  close(m, [0, 0.5, 1]);
  close(r, [0, 0, 1]);
});

Deno.test("vjp() pulls back any cotangent of any tree", async () => {
  const g = await evaluate((x: t.Tensor, c: t.Tensor) => {
    const [, pull] = t.vjp((x: t.Tensor) => ({ s: t.sin(x), q: t.square(x) }), x);
    return pull({ s: c, q: t.mul(c, 2) });
  }, [x, x]);
  close(g, t.toNumbers(x).map((v) => v * Math.cos(v) + 4 * v * v));
});

Deno.test("jvp() pushes a tangent forward", async () => {
  const [y, dy] = await evaluate(
    (x: t.Tensor, v: t.Tensor) => t.jvp((x: t.Tensor) => [t.sin(x), t.sum(t.mul(x, x))], x, v),
    [x, t.fromNumbers([1, 2, -1], [3], "float64")],
  );
  const v = [1, 2, -1], at = t.toNumbers(x);
  close(y[0], at.map(Math.sin));
  close(dy[0], at.map((a, i) => v[i] * Math.cos(a)));
  close(dy[1], [2 * at.reduce((s, a, i) => s + a * v[i], 0)]);
});

Deno.test("what cannot be differentiated is named", () => {
  const spec = { dtype: "int32", shape: [2] } as const;
  const message = (f: () => unknown) => {
    try {
      f();
    } catch (error) {
      assert.ok(error instanceof t.TensorError);
      assert.equal(error.code, "derivative");
      return error.message;
    }
    return "no error";
  };
  assert.match(
    message(() =>
      t.compile((p: { n: t.Tensor }) => t.grad((p: { n: t.Tensor }) => t.sum(p.n))(p), [{
        n: spec,
      }])
    ),
    /leaf "n" is int32\[2\]; only floats/,
  );
  assert.match(
    message(() => t.compile((x: t.Tensor) => t.grad((x: t.Tensor) => t.exp(x))(x), [x])),
    /must return a float scalar, got float64\[3\]/,
  );
});
