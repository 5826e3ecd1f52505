/** The words of the engine as types: artifacts, stages, nodes, verdicts; with `run_types.ts`, all of them. */

import type { z } from "zod";

export type * from "./run_types.ts";

/** Lower-case hexadecimal SHA-256. */
export type Digest = string;

// ---------------------------------------------------------------- artifacts

/** Type-level carrier: what a stage sees when it reads (`In`) or writes (`Out`) an artifact. */
declare const carried: unique symbol;

/** What an artifact is: one file or a tree of files, with a media tag that wiring is checked against. */
export interface Kind<In = unknown, Out = unknown, Media extends string = string> {
  readonly form: "file" | "tree";
  /** Checked when artifacts are wired, e.g. "application/json", "safetensors". */
  readonly media: Media;
  /** File extension with its dot, `""` for trees. */
  readonly extension: string;
  /** For lists: the kind of their items. */
  readonly of?: Kind;
  readonly [carried]?: { in: In; out: Out };
}

/** A kind for an input that takes any number of artifacts of one kind. */
export interface Many<K extends Kind = Kind> {
  readonly many: K;
}

/** A file as an input. */
export interface FileReader {
  readonly path: string;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /** The content as UTF-8. */
  text(): Promise<string>;
}
/** A JSON file as an input. */
export interface JsonReader<T> {
  readonly path: string;
  read(): Promise<T>;
}
/** A directory of files as an input. */
export interface TreeReader {
  /** The directory that holds the files. */
  readonly path: string;
  /** Relative paths with `/`, sorted. */
  list(): Promise<string[]>;
  bytes(name: string): Promise<Uint8Array<ArrayBuffer>>;
  text(name: string): Promise<string>;
}
/** A file as an output. */
export interface FileWriter {
  readonly path: string;
  /** Text is written as UTF-8. */
  write(content: Uint8Array | string): Promise<void>;
}
/** A JSON file as an output. */
export interface JsonWriter<T> {
  readonly path: string;
  write(value: T): Promise<void>;
}
/** A directory of files as an output. */
export interface TreeWriter {
  /** An existing empty directory. */
  readonly path: string;
  write(name: string, content: Uint8Array | string): Promise<void>;
}

export type InOf<K> = K extends Kind<infer In, infer _Out> ? In : never;
export type OutOf<K> = K extends Kind<infer _In, infer Out> ? Out : never;

/** A promise of an artifact: output `output` of `node`. Made by applying a stage; immutable. */
export interface Artifact<K extends Kind = Kind> {
  readonly node: Node;
  readonly output: string;
  readonly kind: K;
  /** For one item of a list: its name. */
  readonly member?: string;
}

/**
 * A promise of any number of artifacts, one for each item of a list that a stage makes. Made by `each()`;
 * taken wherever an input is `many(K)`, alone or among artifacts.
 */
export interface FanOut<K extends Kind = Kind> {
  /** The node that stands for them until the list is known. */
  readonly fan: Node;
  readonly each?: K;
}

/** What one input of a node is connected to. */
export type Input = Artifact | FanOut | readonly (Artifact | FanOut)[];

// ---------------------------------------------------------------- stages

/** The inputs of a stage by name: the kind of each, `many(kind)` for lists. */
export type InputKinds = Readonly<Record<string, Kind | Many>>;
/** The outputs of a stage by name: the kind of each. */
export type OutputKinds = Readonly<Record<string, Kind>>;

/** What a stage occupies while it runs. The scheduler counts it; nothing stops a stage that takes more. */
export interface Resources {
  /** Cores, and the thread count handed to the stage. Integer ≥ 1. @default 1 */
  readonly cores?: number;
  /** MiB. @default 0, which is not counted */
  readonly memory?: number;
  /** Named slots, integers ≥ 0, e.g. `{ gpu: 1 }`; `--slots` says how many there are. @default none */
  readonly slots?: Readonly<Record<string, number>>;
}

/** What a stage's implementation receives. */
export interface StageContext<I extends InputKinds, P, O extends OutputKinds> {
  readonly inputs: {
    readonly [N in keyof I]: I[N] extends Many<infer K> ? readonly InOf<K>[] : InOf<I[N]>;
  };
  readonly params: P;
  readonly outputs: { readonly [N in keyof O]: OutOf<O[N]> };
  /** Where tensors run; "cpu" unless the stage declares `provider: true`. */
  readonly provider: Provider;
  /** Threads the stage may use: `min(resources.cores, --jobs)`, fixed for reproducible bytes. */
  readonly threads: number;
  /** Live progress; cheap to call often, throttled by the runner. */
  progress(p: Progress): void;
}

/** How far a stage has come; all parts may be left out. */
export interface Progress {
  readonly step?: number;
  readonly steps?: number;
  readonly loss?: number;
  readonly message?: string;
}

/** Where tensors run. */
export type Provider = "cpu" | "cuda" | "webgpu" | "wasm";

/** What a stage is; see `stage()`. */
export interface StageDeclaration<
  I extends InputKinds,
  S extends z.ZodType,
  O extends OutputKinds,
> {
  /** snake_case, unique in a pipeline. */
  readonly name: string;
  /** One line for explain and the report. */
  readonly describe: string;
  /** Module exporting `run`; never imported while planning. */
  readonly implementation: URL;
  readonly inputs: I;
  readonly params: S;
  readonly outputs: O;
  /**
   * What an attempt occupies; `attempt` counts from 1. Only the cores of the first attempt are part of the
   * key, because they are the threads that the stage gets, in every attempt.
   */
  readonly resources?: Resources | ((params: z.output<S>, attempt: number) => Resources);
  /** Further attempts after a failure that may pass, e.g. out of memory. Not part of the key. @default 0 */
  readonly retries?: number;
  /** Seconds after which an attempt is stopped and has failed. Not part of the key. @default none */
  readonly timeout?: number;
  /** True when the stage computes tensors: grants FFI where needed; provider enters the key. */
  readonly provider?: boolean;
  /** Environment variables that it may read: their values, and whether they are set, enter the key. */
  readonly env?: readonly string[];
  /**
   * Programs of the machine that it may start: names on `PATH` or absolute paths. The bytes of each file enter
   * the key. A program runs outside the sandbox and can read and write whatever the user can.
   */
  readonly programs?: readonly string[];
}

/** The type of a stage module's `run`: `export const run: Run<typeof trainTeacher> = async (ctx) => {…}`. */
export type Run<St> = St extends Stage<infer I, infer S, infer O>
  ? (ctx: StageContext<I, z.output<S>, O>) => Promise<void>
  : never;

/** A declared stage: calling it applies it. Made by `stage()`. */
export interface Stage<
  I extends InputKinds = InputKinds,
  S extends z.ZodType = z.ZodType,
  O extends OutputKinds = OutputKinds,
> {
  readonly declaration: StageDeclaration<I, S, O>;
  /** Applies the stage: one node of the DAG; returns its outputs. */
  (
    application: {
      /** Tells several nodes of one stage apart; node id is `name[id]`. */
      readonly id?: string;
      readonly inputs: {
        readonly [N in keyof I]: I[N] extends Many<infer K>
          ? readonly (Artifact<K> | FanOut<K>)[] | FanOut<K>
          : I[N] extends Kind ? Artifact<I[N]>
          : never;
      };
      readonly params: z.input<S>;
    },
  ): { readonly [N in keyof O]: Artifact<O[N]> };
}

/** One application of a stage, one fixed-output download, or local data. */
export interface Node {
  /** `stage` or `stage[id]`; unique in a pipeline. */
  readonly id: string;
  readonly stage: string;
  readonly describe: string;
  readonly work: Work;
  readonly inputs: Readonly<Record<string, Input>>;
  readonly inputKinds: InputKinds;
  /** After zod: defaults applied. JSON-serialisable. */
  readonly params: unknown;
  readonly outputs: OutputKinds;
  /** Of the first attempt. */
  readonly cores: number;
  /** What an attempt occupies, when the declaration says so; `attempt` counts from 1. @default `cores` */
  readonly resources?: (attempt: number) => Resources;
  /** @default 0 */
  readonly retries?: number;
  /** Seconds. @default none */
  readonly timeout?: number;
}

/** What a node does. */
export type Work =
  | {
    readonly type: "module";
    readonly implementation: URL;
    readonly provider: boolean;
    readonly env?: readonly string[];
    readonly programs?: readonly string[];
  }
  | { readonly type: "npm"; readonly source: NpmSource }
  | { readonly type: "download"; readonly source: DownloadSource }
  | { readonly type: "source"; readonly source: LocalSource }
  | MapWork;

/** A file or a folder on the user's disk. Its content enters the key, its place does not. */
export interface LocalSource {
  readonly form: "file" | "tree";
  /** What the author calls it; stands in messages. */
  readonly name: string;
  /** Absolute, or relative to the project's directory. */
  readonly path: string;
  /** Globs of a tree's files; empty: all. */
  readonly include: readonly string[];
  /** Globs of a tree's files that are left out. */
  readonly exclude: readonly string[];
  /** How the user comes by it, in a sentence; of a file. */
  readonly hint?: string;
}

/**
 * Makes nodes, one set for each item of a list. Such a node runs nothing, has no key and is no part of a
 * plan any more once its list is known.
 */
export interface MapWork {
  readonly type: "map";
  readonly list: Artifact;
  /** The callback of `each()`. */
  apply(item: Artifact, name: string): Artifact;
  /** Where `each()` was called, e.g. `stages/optima/pipeline.ts:12:5`; null when that is not known. */
  readonly place: string | null;
  /** What the callback returned for each item, once the list is known. */
  readonly made: { artifacts: readonly Artifact[] | null };
}

/** One file from a URL. Fixed output: `sha256` is pinned. */
export interface DownloadSource {
  readonly name: string;
  readonly url: string;
  /** Of the file's bytes. */
  readonly sha256: Digest;
  /** SPDX expression or short text, recorded with the artifact. */
  readonly license: string;
  /** Its size, when the author states it. */
  readonly bytes?: number;
}

/** A data package: besides downloads, the only kind of node with network access. Fixed output: `digest` is pinned. */
export interface NpmSource {
  readonly package: string;
  /** Exact version. */
  readonly version: string;
  /** SPDX expression or short text, recorded with the artifact. */
  readonly license: string;
  /** Globs inside the package, e.g. `img/google/64/*.png`. */
  readonly include: readonly string[];
  /** SHA-256 of the tree manifest of the included files. */
  readonly digest: Digest;
}

// ---------------------------------------------------------------- verdicts and report

/** One claim's result, computed by a verdict stage. */
export interface Verdict {
  readonly claim: string;
  readonly statement: string;
  /** Where the paper says it, with its certainty tag. */
  readonly source: string;
  readonly verdict: "reproduced" | "not reproduced" | "inconclusive";
  readonly test: string;
  readonly statistic: number;
  /** After the multiplicity correction named in `test`. */
  readonly p: number;
  readonly effect: number;
  readonly interval: readonly [number, number];
  readonly n: number;
  /** What the paper states, in words or a number with its certainty; null when nothing was found. */
  readonly paper: string | null;
  /** True for a control that is expected not to show the effect. */
  readonly control: boolean;
  readonly explanation: string;
}

/** A piece of the paper-specific part of the report: trusted HTML made by the report stage. */
export interface ReportSection {
  readonly id: string;
  readonly title: string;
  /** Inline SVG and data URIs only; colours through the CSS custom properties of the report. */
  readonly html: string;
}

/** A table of things that differ from run to run, such as latencies; see `Targets.measurements`. */
export interface MeasurementTable {
  readonly title: string;
  /** Heads, with units. */
  readonly columns: readonly string[];
  /** Cells in the order of the columns; the first names the row. Null: not measured. */
  readonly rows: readonly (readonly (string | number | null)[])[];
  /** How it was measured: threads, repetitions, what was compared with what. */
  readonly note: string;
}
