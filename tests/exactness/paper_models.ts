// The models of the papers of statistics and theory in small, for comparisons of providers.
import {
  convResNeXt,
  initialParameters,
  type Parameters,
} from "../../methods/convresnext/network.ts";
import { empiricalRisk, penalty } from "../../methods/convresnext/objective.ts";
import { compileFits, stackedStart } from "../../methods/minkowski/fit.ts";
import { initMlp } from "../../methods/minkowski/network.ts";
import { compileMle } from "../../methods/preference_bandits/mle_program.ts";
import * as t from "../../methods/tensor/mod.ts";
import { stream } from "../../methods/tensor/random.ts";
import { type Model, model } from "./models.ts";

/** Six steps of Adam of four networks in one program. */
function fits(): Model {
  const shape = {
    ...{ seeds: 2, members: 2, dimension: 5, width: 8, hidden: 2 },
    ...{ rows: 12, validation: 6, test: 6, checkpoints: 2, interval: 3, batch: 4 },
  };
  const { seeds, members, rows, dimension, checkpoints, interval, batch } = shape;
  const s = stream(11, "exactness", "fits");
  const starts = Array.from({ length: seeds }, (_, i) => initMlp(s.child("start", i), shape, 1));
  const examples = (name: string, ...lead: number[]) => ({
    x: s.child(name, "x").normal([...lead, dimension]),
    y: s.child(name, "y").normal(lead),
  });
  return model("Minkowski, 6 steps of 4 fits", compileFits(shape), [{
    ...stackedStart(starts),
    pool: examples("pool", seeds * rows),
    order: s.child("order").integers(0, seeds * rows, [
      checkpoints,
      interval,
      seeds,
      members,
      batch,
    ]),
    rates: t.ndarray(new Float32Array(checkpoints * interval).fill(0.01), [checkpoints, interval]),
    validation: examples("validation", seeds, shape.validation),
    test: examples("test", seeds, shape.test),
  }]);
}

/** Loss and gradient of two blocks of three paths. */
function residualNetwork(): Model {
  const architecture = { D: 9, w: 3, L: 3, K: 3, M: 3, N: 2 };
  const s = stream(12, "exactness", "convresnext");
  const parameters = initialParameters(architecture, s.child("start"));
  const x = s.child("x").normal([6, architecture.D]), y = s.child("y").normal([6]);
  const decay = { paths: t.constant(0.01), out: t.constant(0.01) };
  const f = (p: Parameters, x: t.Tensor, y: t.Tensor) =>
    t.valueAndGrad((p: Parameters) =>
      t.add(empiricalRisk("squared", convResNeXt(architecture, p, x), y), penalty(p, decay))
    )(p);
  return model("ConvResNeXt: loss and gradient", t.compile(f, [parameters, x, y]), [
    parameters,
    x,
    y,
  ]);
}

/** Five steps of projected gradient descent for three data sets. */
function preferences(): Model {
  const design = { dimension: 3, pairs: 7 };
  const s = stream(13, "exactness", "preferences");
  const counts = s.child("counts").integers(2, 9, [3, 7]);
  const wins = counts.data.map((n, i) => Math.floor(Number(n) * (0.2 + 0.1 * (i % 7))) as never);
  const floats = (data: ArrayLike<number>) => t.ndarray(Float32Array.from(data), [3, 7]);
  const program = compileMle(design, 3, { ball: 2, steps: 5, dtype: "float32" });
  return model("preference bandits, 5 steps to 3 estimates", program, [
    s.child("differences").normal([7, 3]),
    floats(counts.data as Int32Array),
    floats(wins as Int32Array),
  ]);
}

/** Regressions of the effective Minkowski dimension, ConvResNeXt, estimates from preferences. */
export function paperModels(): Model[] {
  return [fits(), residualNetwork(), preferences()];
}
