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
export async function* lines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}

/** Starts a peer script; null when there is no Python, or not the packages that the script needs. */
export async function startPeer(script: URL): Promise<Peer | null> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command("python3", {
      args: ["-u", script.pathname],
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
      if (answer === null) throw new Error(`the peer ${script.pathname} stopped; run it by hand`);
      return answer;
    },
    async close() {
      await writer.close();
      await answers.return(undefined);
      await child.status;
    },
  };
}
