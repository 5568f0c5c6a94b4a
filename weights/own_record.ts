import { UserError } from "../engine/errors.ts";
import type { ByteSource } from "./byte_source.ts";
import { shown } from "./shown.ts";
import { readEntry, readZipDirectory } from "./zip.ts";

/**
 * Where a PyTorch file that this program wrote keeps its metadata: a file in the zip that
 * `torch.load` does not ask for.
 */
const OWN_RECORD = "calm_header.json";

/** Longest record that is read. */
const MOST_BYTES = 2 ** 26;

/** The record of a file that is written, beside `data.pkl`. */
export function ownRecord(
  metadata: Readonly<Record<string, string>>,
): [name: string, text: string] {
  return [`archive/${OWN_RECORD}`, JSON.stringify(metadata)];
}

/**
 * The metadata in a PyTorch file that this program wrote; none in any other.
 *
 * @throws {UserError} when they are damaged
 */
export async function readOwnRecord(source: ByteSource): Promise<Record<string, string>> {
  const head = await source.read(0, Math.min(4, source.size));
  if (String.fromCharCode(...head) !== "PK\x03\x04") return {};
  const entries = await readZipDirectory(source);
  const entry = [...entries.values()].find(({ name }) =>
    /^[^/]+\/(.+)$/.exec(name)?.[1] === OWN_RECORD
  );
  if (!entry) return {};
  const fail = (found: string): never => {
    throw new UserError(
      `${source.path} is damaged: ${entry.name} in it is ${found}, expected a table of texts`,
    );
  };
  if (entry.size > MOST_BYTES) return fail(`${entry.size} bytes long`);
  const text = new TextDecoder().decode(await readEntry(source, entry));
  let metadata: unknown;
  try {
    metadata = JSON.parse(text);
  } catch {
    fail(shown(text));
  }
  const isTable = typeof metadata === "object" && metadata !== null && !Array.isArray(metadata) &&
    Object.values(metadata).every((value) => typeof value === "string");
  return isTable ? metadata as Record<string, string> : fail(shown(metadata));
}
