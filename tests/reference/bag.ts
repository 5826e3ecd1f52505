/**
 * The other side of `bag.py`: `deno run -A tests/reference/bag.ts write DIRECTORY` writes bags of every
 * kind; `verify FILE...` checks one bag and prints what is wrong with it.
 */

import { verifyBag, writeBag } from "../../pipeline/archive/bag/mod.ts";
import { payloadFile, smallContent } from "../pipeline/archive/bag_rig.ts";

const [command, ...paths] = Deno.args;
if (command === "write") {
  const small = smallContent();
  const many = Array.from({ length: 20 }, (_, i) => payloadFile(`f${i}`, `${i}`.repeat(2000)));
  await writeBag(`${paths[0]}/plain.tar`, small);
  await writeBag(`${paths[0]}/empty.tar`, { info: {}, payload: [], tags: [] });
  await writeBag(`${paths[0]}/gzip.tar.gz`, small, { compress: "gzip" });
  await writeBag(`${paths[0]}/parts.tar`, { ...small, payload: many }, { splitBytes: 20_000 });
} else {
  try {
    await verifyBag(paths);
    console.log("taken");
  } catch (error) {
    console.log((error as Error).message);
  }
}
