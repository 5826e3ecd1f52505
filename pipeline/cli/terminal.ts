/** What the terminal can do: width, colour, redrawing. The only file here that reads it. */

/** Colours by meaning; each returns its text unchanged when colour is off. */
export interface Paint {
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  muted(text: string): string;
  strong(text: string): string;
}

/** Where lines go and how wide they may be. */
export interface Terminal {
  /** True when the cursor can be moved: a terminal that is not "dumb". */
  readonly live: boolean;
  readonly paint: Paint;
  /** Columns; 80 when unknown. Asked anew for every drawing, since windows are resized. */
  width(): number;
  write(text: string): void;
}

/** Standard output or standard error as a `Terminal`. `NO_COLOR` and `TERM=dumb` are respected. */
export function terminalOf(stream: typeof Deno.stdout | typeof Deno.stderr): Terminal {
  const isTerminal = stream.isTerminal();
  const dumb = Deno.env.get("TERM") === "dumb";
  const encoder = new TextEncoder();
  return {
    live: isTerminal && !dumb,
    paint: painter(isTerminal && !dumb && !Deno.noColor),
    width() {
      try {
        return Math.max(20, Deno.consoleSize().columns);
      } catch {
        const columns = Number(Deno.env.get("COLUMNS"));
        return columns >= 20 ? columns : isTerminal ? 80 : 120;
      }
    },
    write(text) {
      let bytes: Uint8Array = encoder.encode(text);
      try {
        while (bytes.length) bytes = bytes.subarray(stream.writeSync(bytes));
      } catch (error) {
        // A reader such as `head` went away: what we say no longer matters, what we compute does.
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      }
    },
  };
}

/** A `Paint` that writes ANSI colours, or leaves text alone. */
export function painter(colour: boolean): Paint {
  const code = (open: number, close: number) => (text: string) =>
    colour ? `\x1b[${open}m${text}\x1b[${close}m` : text;
  return {
    good: code(32, 39),
    bad: code(31, 39),
    warn: code(33, 39),
    muted: code(2, 22),
    strong: code(1, 22),
  };
}
