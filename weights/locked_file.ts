/**
 * Opens a file for reading and writing, made where it is missing, and locks it for this program.
 * The system lets go of the lock when the file is closed or the program ends, however it ends; so
 * a file that is left but not locked belongs to nobody. Locks hold between machines that share a
 * file system where that knows locks; where it knows none, the file is opened all the same.
 *
 * @param wait wait for whoever holds the lock, instead of giving up
 * @returns null when another program holds the lock
 */
export async function openLocked(path: string, { wait = false } = {}): Promise<Deno.FsFile | null> {
  while (true) {
    const file = await Deno.open(path, { read: true, write: true, create: true });
    try {
      if (!await lock(file, wait)) {
        file.close();
        return null;
      }
      // Its last owner may have removed or renamed it between the opening and the locking.
      if (await isStillAt(path, file)) return file;
    } catch (error) {
      file.close();
      throw error;
    }
    file.close();
  }
}

/** Whether nobody holds the lock of a file that is there: its owner has died. */
export async function isAbandoned(path: string): Promise<boolean> {
  try {
    using file = await Deno.open(path, { read: true, write: true });
    return await file.tryLock(true) && await isStillAt(path, file);
  } catch {
    return false; // gone, somebody else's, or where no locks are known
  }
}

async function lock(file: Deno.FsFile, wait: boolean): Promise<boolean> {
  try {
    if (!wait) return await file.tryLock(true);
    await file.lock(true);
  } catch {
    // A file system without locks.
  }
  return true;
}

async function isStillAt(path: string, file: Deno.FsFile): Promise<boolean> {
  try {
    const [there, here] = await Promise.all([Deno.stat(path), file.stat()]);
    return there.ino === here.ino && there.dev === here.dev;
  } catch {
    return false;
  }
}
