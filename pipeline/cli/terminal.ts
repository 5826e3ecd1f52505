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
      let bytes: Uint8Array = encoder.encode(isTerminal ? harmless(text) : text);
      try {
        while (bytes.length) bytes = bytes.subarray(stream.writeSync(bytes));
      } catch (error) {
        // A reader such as `head` went away: what we say no longer matters, what we compute does.
        if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      }
    },
  };
}

/** How a drawing begins that replaces the one before. */
// deno-lint-ignore no-control-regex
const REDRAW = /^\x1b\[\d+A\r\x1b\[J/;
/** Colours, or a character that moves the cursor, clears the screen, renames the window. */
// deno-lint-ignore no-control-regex
const CONTROL = /\x1b\[\d+m|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/**
 * A text without what could make a terminal show something else: messages and names come from stages, which a
 * stranger may have written.
 */
export function harmless(text: string): string {
  const start = REDRAW.exec(text)?.[0] ?? "";
  const rest = text.slice(start.length);
  return start + rest.replace(CONTROL, (found) => found.length > 1 ? found : "\ufffd");
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
