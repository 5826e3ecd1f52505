/** Opens a store that must be there already: what checks or removes must not make one by a slip of the name. */

import { Failed } from "../failure.ts";
import { infoOf } from "../fsck/files.ts";
import { Store } from "../store/store.ts";
import type { Arguments } from "./options.ts";
import type { Place } from "./place.ts";

/** The store that `--store` names. @throws {Failed} `not-a-store` when there is none. */
export async function openExisting(place: Place, args: Arguments): Promise<Store> {
  const dir = place.storeDir(args);
  if (infoOf(`${dir}/objects`)?.isDirectory) return await Store.open(dir);
  throw new Failed({
    code: "not-a-store",
    message: infoOf(dir) === null ? "there is no store here" : "this folder is not a store",
    where: place.show(dir),
    mend: "Name the folder that was given as --store to reproduce, or run a paper first.",
  });
}
