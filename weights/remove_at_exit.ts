const paths = new Set<string>();

/**
 * Removes a file or folder should the program end before it is done with it: by `Deno.exit` or
 * an error that nobody caught. A program that is killed has no time for it.
 *
 * @returns call it when the path is gone, or is to stay
 */
export function removeAtExit(path: string): () => void {
  if (paths.size === 0) globalThis.addEventListener("unload", removeAll);
  paths.add(path);
  return () => {
    paths.delete(path);
    if (paths.size === 0) globalThis.removeEventListener("unload", removeAll);
  };
}

function removeAll(): void {
  for (const path of paths) {
    try {
      Deno.removeSync(path, { recursive: true });
    } catch {
      // Not made yet, or gone.
    }
  }
}
