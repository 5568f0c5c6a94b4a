const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is no folder",
  EACCES: "permission is denied",
  EPERM: "permission is denied",
  EROFS: "the disk is read-only",
  ENOSPC: "the disk is full",
  ENAMETOOLONG: "its name is too long",
};

/**
 * Why the operating system refused, for a sentence that names the file already: without the number of
 * the error, the call and the path, which Deno adds.
 */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { readonly code?: unknown };
  // Deno's own words speak of options that users of this program do not have.
  if (error.name === "NotCapable") return WORDS.EACCES;
  const known = typeof code === "string" ? WORDS[code] : undefined;
  return known ?? error.message.replace(/ \(os error \d+\)(: .*)?$/s, "");
}
