import type { FileFilter, FileVersionFilter, SqlRow, Value } from "./wire.ts";

type All = (text: string, values: readonly Value[]) => SqlRow[];

/** The journal's questions about files. */
export class FileReader {
  readonly #all: All;

  constructor(all: All) {
    this.#all = all;
  }

  find({ tenant, root, paths, within, isGone, afterPath, limit }: FileFilter): SqlRow[] {
    // Written out: the partial index serves a literal only.
    const conditions = ["tenant = ?", "root = ?", isGone === true ? "kind = 'gone'" : "kind <> 'gone'"];
    const values: Value[] = [tenant, root];
    if (paths !== undefined) {
      conditions.push("path in (select value from json_each(?))");
      values.push(JSON.stringify(paths));
    }
    if (within !== undefined) addWithin(within, conditions, values);
    if (afterPath !== undefined) {
      conditions.push("path > ?");
      values.push(afterPath);
    }
    return this.#all(`select * from file where ${conditions.join(" and ")} order by path limit ?`, [...values, limit]);
  }

  versions({ tenant, root, path, within, writtenBy, beforeChange, limit }: FileVersionFilter): SqlRow[] {
    const conditions = ["tenant = ?"];
    const values: Value[] = [tenant];
    if (root !== undefined) {
      conditions.push("root = ?");
      values.push(root);
    }
    if (path !== undefined) {
      conditions.push("path = ?");
      values.push(path);
    }
    if (within !== undefined) addWithin(within, conditions, values);
    if (writtenBy !== undefined) {
      conditions.push("pid = ? and seq > ?");
      values.push(writtenBy.pid, writtenBy.afterSeq);
    }
    if (beforeChange !== undefined) {
      // What is inside of a folder is found by its paths: a root may have had many changes since.
      conditions.push(within ? "+change < ?" : "change < ?");
      values.push(beforeChange);
    }
    const where = conditions.join(" and ");
    return this.#all(`select * from file_version where ${where} order by change desc limit ?`, [...values, limit]);
  }

  blob(hash: string): SqlRow | undefined {
    return this.#all("select * from file_blob where hash = ?", [hash])[0];
  }

  unplaced(limit: number): SqlRow[] {
    return this.#all("select * from file where stamp is null order by change limit ?", [limit]);
  }

  usage(tenant: string, root: string | undefined): SqlRow | undefined {
    const sums = "count(*) as files, coalesce(sum(size_bytes), 0) as bytes";
    const text = `select ${sums} from file where kind <> 'gone' and tenant = ?`;
    if (root === undefined) return this.#all(text, [tenant])[0];
    return this.#all(`${text} and root = ?`, [tenant, root])[0];
  }

  roots(tenant: string | undefined): SqlRow[] {
    if (tenant === undefined) return this.#all("select distinct tenant, root from file order by tenant, root", []);
    return this.#all("select distinct tenant, root from file where tenant = ? order by root", [tenant]);
  }
}

/** "0" is the character after "/". */
function addWithin(folder: string, conditions: string[], values: Value[]): void {
  if (folder === "") {
    conditions.push("path <> ''");
    return;
  }
  conditions.push("path >= ? and path < ?");
  values.push(`${folder}/`, `${folder}0`);
}
