// A Python process that answers one JSON line for each JSON line it is sent.

/** What a peer answers. */
export type Answer = Record<string, unknown>;

/** A running peer. */
export interface Peer {
  /** Its first words, e.g. its versions. */
  readonly greeting: Answer;
  ask(request: Answer): Promise<Answer>;
  close(): Promise<void>;
}

/** Lines of text as they arrive. */
export async function* lines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}

/** The Python to run peers with: TENSOR_BENCH_PYTHON, or the one on the path. */
const python = () => Deno.env.get("TENSOR_BENCH_PYTHON") ?? "python3";

/** Starts a peer script; null when there is no Python, or not the packages that the script needs. */
export function startPeer(script: URL): Promise<Peer | null> {
  return startProcess(python(), ["-u", script.pathname]);
}

/** Starts a program that speaks JSON lines; null when it does not start or greet. */
export async function startProcess(command: string, args: string[]): Promise<Peer | null> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(command, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
  } catch {
    return null;
  }
  const answers = lines(child.stdout);
  const writer = child.stdin.getWriter();
  const next = async (): Promise<Answer | null> => {
    const { value, done } = await answers.next();
    return done ? null : JSON.parse(value);
  };
  const greeting = await next();
  if (greeting === null) {
    await child.status;
    return null;
  }
  return {
    greeting,
    async ask(request) {
      await writer.write(new TextEncoder().encode(JSON.stringify(request) + "\n"));
      const answer = await next();
      if (answer === null) throw new Error(`the peer ${args.join(" ")} stopped; run it by hand`);
      return answer;
    },
    async close() {
      await writer.close();
      await answers.return(undefined);
      await child.status;
    },
  };
}
