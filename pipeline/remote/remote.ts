/** The remote cache of a run: asked before a stage runs, given what ran. It never makes a run fail. */

import { DamagedObject, type Store } from "../store/store.ts";
import type { Digest, KeyComponents, Node, StageRecord } from "../types.ts";
import type { RemoteAddress } from "./address.ts";
import { Client, PERSISTENCE, type Persistence } from "./client.ts";
import { Gate } from "./gate.ts";
import { receive } from "./receive.ts";
import { send } from "./send.ts";
import { Trouble } from "./transport.ts";
import type { RemoteCache } from "./types.ts";

/** What a run had from its remote and gave to it. */
export interface RemoteSummary {
  /** Without credentials. */
  readonly address: string;
  /** Results that were taken from the remote, and what was downloaded for them. */
  readonly fetched: { readonly results: number; readonly objects: number; readonly bytes: number };
  /** Results that were uploaded. */
  readonly sent: { readonly results: number; readonly objects: number; readonly bytes: number };
  /** Results that could not be uploaded. */
  readonly unsent: number;
  /** True when trouble made an end of it before the run was over. */
  readonly gaveUp: boolean;
}

/** A remote that a run holds open. */
export interface OpenRemote extends RemoteCache {
  /** Results whose upload is not over. */
  readonly waiting: number;
  /** Waits for the uploads, closes the connections, says what happened. */
  finish(): Promise<RemoteSummary>;
}

/** What a remote needs to know. */
export interface RemoteOptions {
  readonly address: RemoteAddress;
  readonly store: Store;
  /** Ends uploads and downloads at once. */
  readonly signal: AbortSignal;
  /** Takes at most one line a run. */
  warn(line: string): void;
  /** @default PERSISTENCE */
  readonly persistence?: Partial<Persistence>;
}

/** Records that are uploaded at a time. */
const RECORDS_AT_A_TIME = 4;

/** Opens a remote; nothing is sent before the first question. */
export function openRemote(options: RemoteOptions): OpenRemote {
  return new Remote(options);
}

class Remote implements OpenRemote {
  readonly #client: Client;
  readonly #store: Store;
  readonly #signal: AbortSignal;
  readonly #address: RemoteAddress;
  readonly #broken = new Set<Digest>();
  readonly #bad = new Set<Digest>();
  readonly #there = new Set<Digest>();
  readonly #gate = new Gate(RECORDS_AT_A_TIME);
  readonly #uploads = new Set<Promise<void>>();
  readonly #fetched = { results: 0, objects: 0, bytes: 0 };
  readonly #sent = { results: 0, objects: 0, bytes: 0 };
  #unsent = 0;

  constructor({ address, store, signal, warn, persistence }: RemoteOptions) {
    const effort = { ...PERSISTENCE, ...persistence };
    this.#client = new Client(address, effort, store.host, signal, warn);
    this.#store = store;
    this.#signal = signal;
    this.#address = address;
  }

  get waiting(): number {
    return this.#uploads.size;
  }

  async fetch(
    key: Digest,
    node: Node,
    components: KeyComponents,
    say: (message: string) => void = () => {},
  ): Promise<StageRecord | null> {
    if (this.#client.isOff("read")) return null;
    try {
      const asked = { key, node, components };
      const received = await receive(this.#client, this.#store, asked, this.#bad, say);
      if (received === "none") return null;
      if (received === "broken") {
        this.#broken.add(key);
        return null;
      }
      this.#fetched.results++;
      this.#fetched.objects += received.objects;
      this.#fetched.bytes += received.bytes;
      return received.record;
    } catch (error) {
      // A stopped run stops the stage too, which says so.
      if (error instanceof Trouble) {
        if (error.kind === "content") this.#broken.add(key);
        return null;
      }
      this.#tellLocal(error);
      return null;
    }
  }

  offer(record: StageRecord): void {
    if (!this.#address.write) return;
    if (this.#client.isOff("write")) {
      this.#unsent++;
      return;
    }
    const upload = this.#gate.run(() => this.#send(record)).finally(() => {
      this.#uploads.delete(upload);
    });
    this.#uploads.add(upload);
  }

  async #send(record: StageRecord): Promise<void> {
    try {
      if (this.#client.isOff("write")) throw new Trouble("stopped", "");
      const knowledge = { broken: this.#broken, bad: this.#bad, there: this.#there };
      const sent = await send(this.#client, this.#store, record, knowledge);
      if (sent === null) return;
      this.#sent.results++;
      this.#sent.objects += sent.objects;
      this.#sent.bytes += sent.bytes;
    } catch (error) {
      this.#unsent++;
      // A damaged or removed object is the local store's affair and comes up when it is used.
      if (!(error instanceof Trouble) && !(error instanceof DamagedObject)) this.#tellLocal(error);
    }
  }

  /** A full disk, for example. Also a defect must not cost a run that can do without the remote. */
  #tellLocal(error: unknown): void {
    if (error instanceof DamagedObject) return;
    const message = error instanceof Error ? error.message : String(error);
    this.#client.tell(`the remote cache is of no use here: ${message.split("\n")[0]}`);
  }

  async finish(): Promise<RemoteSummary> {
    try {
      while (this.#uploads.size > 0) await Promise.all(this.#uploads);
    } finally {
      this.#client.close();
    }
    return {
      address: this.#address.shown,
      fetched: this.#fetched,
      sent: this.#sent,
      unsent: this.#unsent,
      gaveUp: this.#client.gaveUp && !this.#signal.aborted,
    };
  }
}
