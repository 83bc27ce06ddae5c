/**
 * Where an import's accounts wait until all of them are known to be good: a file without a name,
 * which nobody else can open and which is gone with the process, however it ends. It holds one JSON
 * array for each chunk, as the statement that inserts the chunk takes it.
 */
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const OWNER_ONLY = 0o600;

/** Line, id, e-mail, name, hash and role, as the chunk's JSON holds them. */
export type StagedRow = readonly [number, string, string, string | null, string | null, string];

export class ImportStage implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #chunkBytes: number[] = [];
  #length = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Opens it in the system's folder for temporary files (TMPDIR). */
  static async open(): Promise<ImportStage> {
    const folder = await mkdtemp(join(tmpdir(), "couponlive-import-"));
    try {
      return new ImportStage(await open(join(folder, "stage"), "wx+", OWNER_ONLY));
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  async add(rows: readonly StagedRow[]): Promise<void> {
    const bytes = Buffer.from(JSON.stringify(rows));
    let written = 0;
    while (written < bytes.length) {
      const at = this.#length + written;
      written += (await this.#file.write(bytes, written, bytes.length - written, at)).bytesWritten;
    }
    this.#chunkBytes.push(bytes.length);
    this.#length += bytes.length;
  }

  /** The chunks in their order, as JSON. */
  async *chunks(): AsyncGenerator<string> {
    let at = 0;
    for (const length of this.#chunkBytes) {
      const bytes = Buffer.alloc(length);
      let read = 0;
      while (read < length) {
        const { bytesRead } = await this.#file.read(bytes, read, length - read, at + read);
        if (bytesRead === 0) throw new Error("the import's temporary file has lost its end");
        read += bytesRead;
      }
      at += length;
      yield bytes.toString();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}
