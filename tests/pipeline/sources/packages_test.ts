/** Packages that stages import, from a registry that the environment names. */

import { inOwnProcess } from "../../own_process.ts";

inOwnProcess(new URL("./packages_cases.ts", import.meta.url));
