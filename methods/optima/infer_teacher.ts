/** Runs a CoCa-mini over all items and keeps what students are matched to. */

import { type CocaConfig, cocaForward, type CocaParams, PAD } from "../nn/mod.ts";
import { compile, load, type NdArray, type Provider, type Tensor } from "../tensor/mod.ts";
import type { Dataset } from "./dataset.ts";
import { layerMap, type Targets } from "./layerwise.ts";
import { type Module, MODULES } from "./modules.ts";
import type { TeacherStates } from "./teacher_states.ts";
import { cocaLayout } from "./train_teacher.ts";

/** Depths of the student's modules. */
export interface Depths {
  readonly imageLayers: number;
  readonly textLayers: number;
  readonly multimodalLayers: number;
}

/** States of the first caption of every item. */
export async function inferStates(a: {
  readonly config: CocaConfig;
  readonly params: NdArray;
  readonly studentDepths: Depths;
  readonly dataset: Dataset;
  /** Items of one run. */
  readonly batch: number;
  readonly provider: Provider;
  readonly threads: number;
  readonly onItems?: (done: number, all: number) => void;
}): Promise<TeacherStates> {
  const { config, dataset } = a;
  const layout = cocaLayout(config);
  const maps: Targets<number> = {
    image: layerMap(a.studentDepths.imageLayers, config.imageLayers),
    text: layerMap(a.studentDepths.textLayers, config.textLayers),
    multimodal: layerMap(a.studentDepths.multimodalLayers, config.multimodalLayers),
  };
  const size = Math.min(a.batch, dataset.items.length);
  const infer = (flat: Tensor, images: Tensor, tokens: Tensor) => {
    const outputs = cocaForward(config, layout.unpackTraced<CocaParams>(flat), images, tokens);
    return {
      targets: {
        image: maps.image.map((layer) => outputs.imageHidden[layer]),
        text: maps.text.map((layer) => outputs.textHidden[layer]),
        multimodal: maps.multimodal.map((layer) => outputs.multimodalHidden[layer]),
      },
      image: outputs.imageEmbedding,
      text: outputs.textEmbedding,
    };
  };
  const { channels, image, textLength } = config;
  const program = compile(infer, [
    { dtype: "float32", shape: [layout.size] },
    { dtype: "float32", shape: [size, channels, image, image] },
    { dtype: "int32", shape: [size, textLength] },
  ], { name: "infer_teacher" });
  const teacher = await load(program, a);
  const total = dataset.items.length;
  const sinks = new Map<string, Float32Array>();
  const shapes = new Map<string, readonly number[]>();
  const store = (name: string, rows: NdArray, first: number, count: number) => {
    const width = rows.data.length / size;
    const sink = sinks.get(name) ?? new Float32Array(total * width);
    sinks.set(name, sink);
    shapes.set(name, [total, ...rows.shape.slice(1)]);
    sink.set((rows.data as Float32Array).subarray(0, count * width), first * width);
  };
  for (let first = 0; first < total; first += size) {
    const count = Math.min(size, total - first);
    // The last batch is filled up with its first item; what it gives is dropped.
    const items = Int32Array.from({ length: size }, (_, i) => first + (i < count ? i : 0));
    const rows = await teacher.run(a.params, dataset.images(items), dataset.tokens(items));
    for (const module of MODULES) {
      rows.targets[module].forEach((layer, i) => store(`${module}.${i}`, layer, first, count));
    }
    store("image", rows.image, first, count);
    store("text", rows.text, first, count);
    a.onItems?.(first + count, total);
  }
  await teacher.dispose();
  const array = (name: string): NdArray => ({
    dtype: "float32",
    shape: shapes.get(name)!,
    data: sinks.get(name)!,
  });
  const each = <T>(value: (module: Module, layer: number) => T): Targets<T> => ({
    image: maps.image.map((_, i) => value("image", i)),
    text: maps.text.map((_, i) => value("text", i)),
    multimodal: maps.multimodal.map((_, i) => value("multimodal", i)),
  });
  return {
    targets: each((module, layer) => array(`${module}.${layer}`)),
    variances: each((module, layer) => {
      const states = array(`${module}.${layer}`);
      return varianceOver(states, dataset.splits.train, countedPositions(dataset, module));
    }),
    image: array("image"),
    text: array("text"),
  };
}

/** Whether the layer losses count a position of an item: image patches, tokens that are not padding, CLS. */
export function countedPositions(
  dataset: Dataset,
  module: Module,
): (item: number, position: number) => boolean {
  if (module === "image") return () => true;
  const length = dataset.meta.textLength;
  const all = Int32Array.from(dataset.items.keys());
  const tokens = dataset.tokens(all).data as Int32Array;
  return (item, position) => position >= length || tokens[item * length + position] !== PAD;
}

/**
 * Population variance of the entries of some rows.
 *
 * @param array `[N, positions, width]`
 * @param counted which positions of a row count
 */
export function varianceOver(
  array: NdArray,
  items: Int32Array,
  counted: (item: number, position: number) => boolean = () => true,
): number {
  const [, positions, width] = array.shape;
  const data = array.data as Float32Array;
  let count = 0, mean = 0, squares = 0;
  for (const item of items) {
    for (let position = 0; position < positions; position++) {
      if (!counted(item, position)) continue;
      const start = (item * positions + position) * width;
      for (let k = start; k < start + width; k++) {
        const delta = data[k] - mean;
        mean += delta / ++count;
        squares += delta * (data[k] - mean);
      }
    }
  }
  return squares / count;
}
