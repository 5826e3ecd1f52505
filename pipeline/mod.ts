/** The engine's public face: declare stages and pipelines, plan them, explain what changed, run them. */

export { file, json, list, many, tree } from "./declare/artifact.ts";
export type {
  FileKind,
  JsonKind,
  ListKind,
  ListReader,
  ListWriter,
  TreeKind,
} from "./declare/artifact.ts";
export { each } from "./declare/fan_out.ts";
export { stage } from "./declare/stage.ts";
export { npmPackage } from "./declare/npm_package.ts";
export { download } from "./declare/download_file.ts";
export type { DownloadFile } from "./declare/download_file.ts";
export { localFile, localTree } from "./declare/local_data.ts";
export type { LocalFile, LocalPlace, LocalTree } from "./declare/local_data.ts";
export { pipeline } from "./declare/pipeline.ts";
export type { Pipeline, PipelineDeclaration, Targets } from "./declare/pipeline.ts";
export { listPresets, loadConfig } from "./declare/config.ts";
export { listPapers, loadPaper } from "./declare/project.ts";
export type { PaperEntry } from "./declare/project.ts";
export { plan } from "./plan/plan.ts";
export type { PlanRequest } from "./plan/plan.ts";
export { changesSince } from "./plan/change.ts";
export { run } from "./run/run.ts";
export type { RunRequest, RunResult } from "./run/run.ts";
export { Store } from "./store/store.ts";
export { Failed } from "./failure.ts";
export type {
  Artifact,
  Change,
  Digest,
  DownloadSource,
  Failure,
  FanOut,
  InputKinds,
  Kind,
  LocalSource,
  Many,
  MeasurementTable,
  Node,
  NpmSource,
  OutputKinds,
  Plan,
  PlannedNode,
  Progress,
  Provider,
  ReportSection,
  Resources,
  Run,
  Stage,
  StageContext,
  StageDeclaration,
  Verdict,
} from "./types.ts";
