/** The engine's public face: declare stages and pipelines, plan them, explain what changed, run them. */

export { file, json, list, many, tree } from "./artifact.ts";
export type { FileKind, JsonKind, ListKind, ListReader, ListWriter, TreeKind } from "./artifact.ts";
export { each } from "./fan_out.ts";
export { stage } from "./stage.ts";
export { npmPackage } from "./npm_package.ts";
export { download } from "./download_file.ts";
export type { DownloadFile } from "./download_file.ts";
export { localFile, localTree } from "./local_data.ts";
export type { LocalFile, LocalPlace, LocalTree } from "./local_data.ts";
export { pipeline } from "./pipeline.ts";
export type { Pipeline, PipelineDeclaration, Targets } from "./pipeline.ts";
export { listPresets, loadConfig } from "./config.ts";
export { listPapers, loadPaper } from "./project.ts";
export type { PaperEntry } from "./project.ts";
export { plan } from "./plan.ts";
export type { PlanRequest } from "./plan.ts";
export { changesSince } from "./change.ts";
export { run } from "./run.ts";
export type { RunRequest, RunResult } from "./run.ts";
export { Store } from "./store.ts";
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
