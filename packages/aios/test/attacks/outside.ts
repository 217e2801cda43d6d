// What nobody may reach: a folder with secrets, beside the folders of those that are attacked.
import { createHash, randomBytes } from "node:crypto";
import { chownSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import type { FSWatcher } from "node:fs";
import { join } from "node:path";
import type { Uid } from "./target.ts";

export class Outside implements Disposable {
  readonly folder: string;
  readonly #uid: Uid;
  /** Whoever says this has read what is outside. */
  readonly #secret = randomBytes(12).toString("hex");
  readonly #telling: readonly string[];
  #laid = "";
  #watcher: FSWatcher | undefined;
  readonly #seen = new Set<string>();

  constructor(folder: string, uid: Uid) {
    this.folder = folder;
    this.#uid = uid;
    const content = Buffer.from(`secret ${this.#secret}`);
    const hash = createHash("sha256").update(content).digest("hex");
    this.#telling = [this.#secret, content.toString("base64"), hash];
    this.lay();
  }

  /** Puts everything there as it was. */
  lay(): void {
    this.#watcher?.close();
    mkdirSync(this.folder, { recursive: true });
    for (const name of readdirSync(this.folder)) rmSync(join(this.folder, name), { recursive: true });
    mkdirSync(join(this.folder, "sub"));
    for (const name of ["file", "extra", `named-${this.#secret}`, "sub/file", "sub/extra"])
      writeFileSync(join(this.folder, name), `secret ${this.#secret}`);
    for (const name of ["", ...readdirSync(this.folder, { recursive: true, encoding: "utf8" })])
      if (this.#uid !== undefined) chownSync(join(this.folder, name), this.#uid, this.#uid);
    this.#laid = this.#state();
    this.#seen.clear();
    // Also what is there for a moment only.
    this.#watcher = watch(this.folder, (event, name) => {
      if (event === "rename" && name !== null) this.#seen.add(name);
    });
  }

  isToldBy(text: string): boolean {
    return this.#telling.some((form) => text.includes(form));
  }

  /** What was made, changed or taken away since it was laid; undefined: nothing. */
  change(): string | undefined {
    if (this.#seen.size > 0) return `outside, there appeared or vanished ${[...this.#seen].join(", ")}`;
    const state = this.#state();
    return state === this.#laid ? undefined : `outside, there is ${state.replaceAll(this.#secret, "…")}`;
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
  }

  #state(): string {
    const names = readdirSync(this.folder, { recursive: true, encoding: "utf8" }).toSorted();
    return names
      .map((name) => {
        const stats = lstatSync(join(this.folder, name), { throwIfNoEntry: false });
        const is = stats?.isFile() ? readFileSync(join(this.folder, name), "utf8") : "";
        return `${name} ${stats?.mode} ${is}`;
      })
      .join("; ");
  }
}
