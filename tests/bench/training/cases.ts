// The training cases by name, and how long their turns are.

import type { TrainingCase } from "./case.ts";
import { coca, studentConfig, teacherConfig } from "./coca.ts";
import { encoder } from "./encoder.ts";
import { adalora, lora, losparse } from "./finetuning.ts";
import { convolutional, perceptron, residual } from "./models.ts";

/** One case: a model and its batch. */
export interface Entry {
  /** What it is, for the table. */
  readonly title: string;
  /** Steps in one timed turn: about half a second. */
  readonly steps: number;
  /** The least ratio of PyTorch eager's time to ours that we aim at. */
  readonly target: number;
  readonly build: (steps: number) => TrainingCase;
}

/** All cases, small models first. */
export const cases: Readonly<Record<string, Entry>> = {
  mlp: {
    title: "MLP 784-512-10, batch 64, SGD",
    steps: 400,
    target: 1.5,
    build: perceptron,
  },
  cnn: {
    title: "2 convolutions, 28×28, batch 64, SGD",
    steps: 40,
    target: 1.5,
    build: convolutional,
  },
  student: {
    title: "CoCa-mini student, batch 32, AdamW",
    steps: 30,
    target: 1.5,
    build: (steps) => coca(studentConfig, 32, steps),
  },
  teacher: {
    title: "CoCa-mini teacher, batch 64, AdamW",
    steps: 6,
    target: 1.5,
    build: (steps) => coca(teacherConfig, 64, steps),
  },
  encoder: {
    title: "encoder 6×384, 16×64 tokens, AdamW",
    steps: 2,
    target: 1.1,
    build: encoder,
  },
  resnet: {
    title: "ResNet-14, 32×32, batch 32, SGD",
    steps: 5,
    target: 1.0,
    build: residual,
  },
  lora: {
    title: "MiniLM's sizes, 16×64 tokens, LoRA of rank 8",
    steps: 10,
    target: 1.0,
    build: lora,
  },
  adalora: {
    title: "the same, AdaLoRA from rank 12 to 8",
    steps: 10,
    target: 1.0,
    build: adalora,
  },
  losparse: {
    title: "the same, LoSparse, all weights trained",
    steps: 10,
    target: 1.0,
    build: losparse,
  },
};
