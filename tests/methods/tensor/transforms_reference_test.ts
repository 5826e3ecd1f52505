// Transformations and their compositions against torch.func, to third derivatives.
import assert from "node:assert/strict";
import * as t from "../../../methods/tensor/mod.ts";
import reference from "../../reference/transforms.json" with { type: "json" };
import { distance, evaluate } from "./harness.ts";

type Params = { b: t.Tensor; v: t.Tensor; w: t.Tensor };
type Stored = { shape: number[]; values: number[] };

const isStored = (x: unknown): x is Stored =>
  typeof x === "object" && x !== null && Object.hasOwn(x, "values");

/** A stored tree with arrays for leaves. */
function arrays<T>(tree: unknown): t.Host<T> {
  const flat = t.flatten(tree, isStored);
  return t.unflatten(
    flat.tree,
    flat.leaves.map((x) => t.fromNumbers(x.values, x.shape, "float64")),
  );
}

interface Inputs {
  params: Params;
  many: Params;
  direction: Params;
  second: Params;
  x: t.Tensor;
  y: t.Tensor;
  u: t.Tensor;
}

const net = (p: Params, x: t.Tensor) => t.matmul(t.tanh(t.add(t.matmul(x, p.w), p.b)), p.v);
const loss = (p: Params, x: t.Tensor, y: t.Tensor) => {
  const d = t.sub(net(p, x), y);
  return t.add(t.logSumExp(d), t.mean(t.square(d)));
};
const total = (p: Params, x: t.Tensor, y: t.Tensor) =>
  t.mean(t.vmap(loss, { inAxes: [null, 0, 0] })(p, x, y));
const inner = (a: Params, b: Params) =>
  t.add(
    t.add(t.sum(t.mul(a.b, b.b)), t.sum(t.mul(a.v, b.v))),
    t.sum(t.mul(a.w, b.w)),
  );
const energy = (x: t.Tensor, p: Params) => t.sum(t.sin(net(p, x)));
const forceLoss = (p: Params, x: t.Tensor) => {
  const force = t.grad(energy)(x, p);
  const curvature = t.jacfwd(t.grad(energy))(x, p) as t.Tensor;
  return t.add(t.sum(t.square(force)), t.trace(curvature));
};
const train = (p: Params, x: t.Tensor, y: t.Tensor) =>
  t.scan(
    (p: Params, _: t.Tensor): readonly [Params, t.Tensor] => {
      const [value, g] = t.valueAndGrad(total)(p, x, y);
      const step = (a: t.Tensor, b: t.Tensor) => t.sub(a, t.mul(b, 0.1));
      return [{ b: step(p.b, g.b), v: step(p.v, g.v), w: step(p.w, g.w) }, value];
    },
    p,
    t.iota(4),
  );
const branch = (x: t.Tensor) =>
  t.cond(
    t.less(t.sum(x), 0),
    (x) => t.sum(t.sin(x)),
    (x) => t.sum(t.pow(x, 3)),
    x,
  );
const nets = (x: t.Tensor) => (p: Params) => t.vmap(net, { inAxes: [null, 0] })(p, x);

/** Each case of transforms.py in our terms. */
const cases: Record<keyof typeof reference.cases, (i: Inputs) => unknown> = {
  perExampleGradients: (i) => t.vmap(t.grad(loss), { inAxes: [null, 0, 0] })(i.params, i.x, i.y),
  ensemble: (i) => t.vmap(t.grad(total), { inAxes: [0, null, null] })(i.many, i.x, i.y),
  ensembleOfExamples: (i) =>
    t.vmap(t.vmap(t.grad(loss), { inAxes: [null, 0, 0] }), { inAxes: [0, null, null] })(
      i.many,
      i.x,
      i.y,
    ),
  gradientOfVmap: (i) => t.grad((p: Params) => t.sum(t.pow(nets(i.x)(p), 3)))(i.params),
  jvp: (i) => t.jvp(nets(i.x), i.params, i.direction)[1],
  vjp: (i) => t.vjp(nets(i.x), i.params)[1](i.y),
  hessianVectorProduct: (i) =>
    t.hessianVectorProduct((p: Params) => total(p, i.x, i.y), i.params, i.direction),
  thirdDerivative: (i) =>
    t.grad((p: Params) =>
      inner(t.hessianVectorProduct((p: Params) => total(p, i.x, i.y), p, i.direction), i.second)
    )(i.params),
  jacobianReverse: (i) => t.jacrev(net)(i.params, row(i.x)),
  jacobianForward: (i) => t.jacfwd((x: t.Tensor) => net(i.params, x))(row(i.x)),
  hessian: (i) => t.hessian(energy)(row(i.x), i.params),
  hessians: (i) => t.vmap(t.hessian(energy), { inAxes: [0, null] })(i.x, i.params),
  parameterHessian: (i) => t.hessian(total)(i.params, i.x, i.y),
  thirdOrderTensor: (i) =>
    t.jacfwd((u: t.Tensor) =>
      t.jacrev((u: t.Tensor) => t.jacfwd((u: t.Tensor) => energy(u, i.params))(u) as t.Tensor)(
        u,
      ) as t.Tensor
    )(i.u),
  forceMatching: (i) =>
    t.grad((p: Params) => t.mean(t.vmap(forceLoss, { inAxes: [null, 0] })(p, i.x)))(i.params),
  training: (i) => train(i.params, i.x, i.y),
  trainingOfSeeds: (i) => t.vmap(train, { inAxes: [0, null, null] })(i.many, i.x, i.y),
  throughTraining: (i) => t.grad((p: Params) => total(train(p, i.x, i.y)[0], i.x, i.y))(i.params),
  alongTraining: (i) =>
    t.jvp((p: Params) => train(p, i.x, i.y)[1] as t.Tensor, i.params, i.direction)[1],
  branches: (i) => t.vmap(t.grad(branch))(i.x),
  branchHessians: (i) => t.vmap(t.hessian(branch))(i.x),
};

const row = (x: t.Tensor) => t.squeeze(t.slice(x, [0], [1]), 0);

for (const [name, f] of Object.entries(cases)) {
  Deno.test(`${name} is what torch.func computes`, async () => {
    const actual = await evaluate(f as (i: Inputs) => t.Tensor, [arrays<Inputs>(reference.inputs)]);
    const expected = t.flatten(arrays(reference.cases[name as keyof typeof cases]), t.isNdArray);
    const got = t.flatten(actual, t.isNdArray);
    assert.deepEqual(got.paths, expected.paths);
    got.leaves.forEach((x, i) => {
      assert.deepEqual(x.shape, expected.leaves[i].shape, got.paths[i]);
      const worst = distance(t.toNumbers(x), t.toNumbers(expected.leaves[i]));
      assert.ok(worst < 1e-11, `${got.paths[i]}: off by ${worst}`);
    });
  });
}
