/** Patience with a remote: what is tried again, what is said, and when it is left alone. */

import type { Host } from "../host.ts";
import type { RemoteAddress } from "./address.ts";
import { Gate } from "./gate.ts";
import { type Body, type Found, type Patience, Transport, Trouble } from "./transport.ts";

/** How hard to try. */
export interface Persistence extends Patience {
  /** Attempts at one request, where another one may help. */
  readonly attempts: number;
  /** Pause before the second attempt; four times as long before each further one. */
  readonly backoffMs: number;
  /** Requests that fail in a row, or wrong contents in all, before the remote is left alone. */
  readonly strikes: number;
  /** Requests at a time, for reading and for writing each. */
  readonly parallel: number;
}

/** Good for a server in the same building and for one across an ocean. */
export const PERSISTENCE: Persistence = {
  idleMs: 15_000,
  minBytes: 16 << 10,
  answerMs: 60_000,
  attempts: 3,
  backoffMs: 250,
  strikes: 3,
  parallel: 16,
};

/** Longest pause that a server can ask for. */
const LONGEST_WAIT_MS = 5_000;

type Side = "read" | "write";

/** One remote for one run. Every method gives up in silence once its side of the remote is left alone. */
export class Client {
  readonly #transport: Transport;
  readonly #address: RemoteAddress;
  readonly #persistence: Persistence;
  readonly #host: Host;
  readonly #signal: AbortSignal;
  readonly #warn: (line: string) => void;
  readonly #gates: Readonly<Record<Side, Gate>>;
  readonly #off: Record<Side, boolean>;
  #worked = false;
  #inRow = 0;
  #wrong = 0;
  #warned = false;

  constructor(
    address: RemoteAddress,
    persistence: Persistence,
    host: Host,
    signal: AbortSignal,
    warn: (line: string) => void,
  ) {
    this.#transport = new Transport(address, persistence, signal);
    this.#address = address;
    this.#persistence = persistence;
    this.#host = host;
    this.#signal = signal;
    this.#warn = warn;
    this.#gates = { read: new Gate(persistence.parallel), write: new Gate(persistence.parallel) };
    this.#off = { read: false, write: !address.write };
  }

  /** Requests at a time. */
  get parallel(): number {
    return this.#persistence.parallel;
  }

  /** True when this side is not used any more, or never was. */
  isOff(side: Side): boolean {
    return this.#off[side] || this.#signal.aborted;
  }

  /** True when trouble made an end of reading from the remote. */
  get gaveUp(): boolean {
    return this.#off.read;
  }

  /** Size of what is there; null when it is not there. @throws {Trouble} */
  head(path: string): Promise<Found | null> {
    return this.#persist("write", () => this.#transport.head(path));
  }

  /**
   * Downloads. `begin` is called before each attempt and returns what takes the pieces.
   * @returns false when it is not there. @throws {Trouble}
   */
  get(
    path: string,
    limit: { readonly bytes: number; readonly exact: boolean },
    begin: () => (piece: Uint8Array) => void,
  ): Promise<boolean> {
    return this.#persist("read", () => this.#transport.get(path, limit, begin()));
  }

  /** Uploads. @throws {Trouble} */
  put(path: string, bytes: number, body: Body): Promise<void> {
    return this.#persist("write", () => this.#transport.put(path, bytes, body));
  }

  /** Counts wrong contents that a request itself could not know of. */
  wrong(message: string): Trouble {
    const trouble = new Trouble("content", message);
    this.#strike("read", trouble);
    return trouble;
  }

  /** Says that something local, e.g. a full disk, keeps the remote from being used. */
  tell(message: string): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#warn(message);
  }

  close(): void {
    this.#transport.close();
  }

  async #persist<T>(side: Side, attempt: () => Promise<T>): Promise<T> {
    return await this.#gates[side].run(async () => {
      const { attempts, backoffMs } = this.#persistence;
      for (let tries = 1, pause = backoffMs;; tries++, pause *= 4) {
        if (this.isOff(side)) throw new Trouble("stopped", "the remote is left alone");
        try {
          const value = await attempt();
          this.#worked = true;
          this.#inRow = 0;
          return value;
        } catch (error) {
          if (!(error instanceof Trouble)) throw error;
          if (error.kind === "stopped" || this.#signal.aborted) throw error;
          // A server that was never there is not waited for; one that answers may recover.
          const again = isPassing(error) &&
            tries < (this.#worked ? attempts : Math.min(2, attempts));
          if (!again) {
            this.#strike(side, error);
            throw error;
          }
          await this.#host.delay(Math.min(error.waitMs ?? pause, LONGEST_WAIT_MS), this.#signal);
        }
      }
    });
  }

  #strike(side: Side, trouble: Trouble): void {
    if (this.#off[side]) return;
    const { kind, status } = trouble;
    // One object that is too large says nothing of the next.
    const harmless = status === 413;
    if (kind === "content") this.#wrong++;
    else if (!harmless) this.#inRow++;
    const refused = status !== null && REFUSALS.has(status);
    const silent = !this.#worked && (kind === "network" || kind === "time-out");
    const enough = Math.max(this.#inRow, this.#wrong) >= this.#persistence.strikes;
    if (refused && side === "write") this.#off.write = true;
    else if (refused || silent || enough) this.#off.read = this.#off.write = true;
    const consequence = this.#off.read
      ? "; it is left alone for the rest of this run"
      : this.#off.write && this.#address.write
      ? "; nothing more is uploaded in this run"
      : "; the run goes on without what it cannot give";
    this.tell(`the remote cache ${this.#address.shown} ${trouble.message}${consequence}`);
  }
}

/** Statuses that will not change for the rest of a run. */
const REFUSALS = new Set([401, 403, 405, 407, 501, 507]);

/** True when the same request may well succeed a moment later. */
function isPassing({ kind, status }: Trouble): boolean {
  if (kind === "network") return true;
  return status !== null && status !== 501 && status !== 507 &&
    (status === 429 || status === 408 || (status >= 500 && status < 600));
}
