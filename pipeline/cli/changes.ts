/** Changes of files, gathered until they pause: one save is many events, and a checkout is many saves. */

/** A change is told when nothing more came for so long, in milliseconds. */
const QUIET = 120;

/** What editors and this program's own tools leave beside files. */
const IGNORED = /(?:^|\/)(?:\.[^/]*|[^/]*~|[^/]*\.(?:swp|swx|tmp)|4913|[^/]*___jb_(?:tmp|old)___)$/;

/** What to watch. */
export interface Watched {
  /** Folders, with everything below. */
  readonly trees: readonly string[];
  /** Folders, without what is below. */
  readonly folders: readonly string[];
  /** Changes that count. */
  counts(path: string): boolean;
}

/** Watches until disposed. Changes that nobody waits for are kept for who asks next. */
export class Changes {
  readonly #watchers: Deno.FsWatcher[];
  readonly #paths = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #quiet = false;
  #waiting: (() => void) | null = null;

  /** @throws the system's error when there are more folders than it can watch. */
  constructor({ trees, folders, counts }: Watched) {
    this.#watchers = [
      ...(trees.length > 0 ? [Deno.watchFs([...trees], { recursive: true })] : []),
      ...(folders.length > 0 ? [Deno.watchFs([...folders], { recursive: false })] : []),
    ];
    for (const watcher of this.#watchers) this.#listen(watcher, counts);
  }

  async #listen(watcher: Deno.FsWatcher, counts: (path: string) => boolean): Promise<void> {
    for await (const { kind, paths } of watcher) {
      if (kind === "access") continue;
      const changed = paths.filter((path) => !IGNORED.test(path) && counts(path));
      if (changed.length > 0) this.#add(changed);
    }
  }

  #add(paths: readonly string[]): void {
    for (const path of paths) this.#paths.add(path);
    this.#quiet = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#quiet = true;
      this.#waiting?.();
    }, QUIET);
  }

  /** Waits for changes, and until they pause. @returns paths; none when `signal` aborts first. */
  async next(signal: AbortSignal): Promise<string[]> {
    const ready = () => (this.#quiet && this.#paths.size > 0) || signal.aborted;
    if (!ready()) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      this.#waiting = null;
    }
    if (signal.aborted) return [];
    const paths = [...this.#paths].sort();
    this.#paths.clear();
    return paths;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers) watcher.close();
  }
}
