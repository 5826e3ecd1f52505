/** Bags: BagIt 1.0 in a deterministic tar, written in a stream and read strictly. See `pipeline/docs/bag_format.md`. */

export { extractBag } from "./extract.ts";
export {
  checkVersion,
  type Json,
  JSON_LIMITS,
  type JsonLimits,
  type JsonPlace,
  parseJson,
} from "./json.ts";
export { DEFAULT_LIMITS } from "./limits.ts";
export { openBag, readBag, verifyBag } from "./reader.ts";
export {
  type Bag,
  type BagContent,
  BagError,
  type BagLimits,
  type BagProblem,
  type BagSink,
  type FetchEntry,
  type MissingEntry,
  type PayloadEntry,
  type PayloadFile,
  printable,
  type TagFile,
  type WriteOptions,
  type WrittenBag,
  type WrittenPart,
} from "./types.ts";
export { writeBag } from "./writer.ts";
