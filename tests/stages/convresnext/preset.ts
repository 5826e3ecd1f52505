// The presets of ConvResNeXt, read as the engine reads them.

import { loadConfig } from "../../../pipeline/declare/config.ts";
import { type ConvResNeXtConfig, convResNeXtConfig } from "../../../stages/convresnext/schema.ts";

const file = new URL("../../../stages/convresnext/config.yaml", import.meta.url);

/** One preset, parsed. */
export function preset(name: string): Promise<ConvResNeXtConfig> {
  return loadConfig({ file, schema: convResNeXtConfig, preset: name });
}
