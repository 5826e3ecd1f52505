/** Downloads of data packages from a registry that the environment names. */

import { inOwnProcess } from "../../own_process.ts";

inOwnProcess(new URL("./download_cases.ts", import.meta.url));
