// Fields of the `config.json` of Hugging Face checkpoints, read with messages that name them.

import { TensorError } from "../tensor/mod.ts";
import type { Activation } from "./block.ts";

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  gelu: "gelu",
  gelu_new: "geluTanh",
  gelu_pytorch_tanh: "geluTanh",
  relu: "relu",
  silu: "silu",
  swish: "silu",
  tanh: "tanh",
};

/** Reads the fields of a `config.json`; each method throws TensorError `input` naming the field. */
export interface ConfigReader {
  readonly file: Readonly<Record<string, unknown>>;
  /** @throws always */
  wrong(what: string): never;
  /** A positive integer. */
  count(field: string): number;
  /** A positive number, or the default where the field is absent. */
  positive(field: string, otherwise: number): number;
  /** `hidden_act`, "gelu" where it is absent. */
  activation(): Activation;
}

/** @param modelType What `model_type` must be. */
export function configReader(json: unknown, modelType: string): ConfigReader {
  const file = (json ?? {}) as Record<string, unknown>;
  const wrong = (what: string): never => {
    throw new TensorError("input", `config.json: ${what}`);
  };
  if (file.model_type !== modelType) {
    wrong(`"model_type" is ${JSON.stringify(file.model_type)}, not "${modelType}"`);
  }
  return {
    file,
    wrong,
    count(field) {
      const value = file[field];
      return Number.isSafeInteger(value) && (value as number) > 0
        ? value as number
        : wrong(`"${field}" must be a positive integer, not ${JSON.stringify(value)}`);
    },
    positive(field, otherwise) {
      const value = file[field] ?? otherwise;
      return typeof value === "number" && value > 0
        ? value
        : wrong(`"${field}" must be positive, not ${JSON.stringify(value)}`);
    },
    activation() {
      const name = String(file.hidden_act ?? "gelu");
      return Object.hasOwn(ACTIVATIONS, name)
        ? ACTIVATIONS[name]
        : wrong(`"hidden_act" is "${name}"; supported are ${Object.keys(ACTIVATIONS).join(", ")}`);
    },
  };
}
