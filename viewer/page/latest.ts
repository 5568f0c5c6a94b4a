/** Thrown by a task that ends early, because what it works at is wanted no more. */
export class Superseded extends Error {}

/**
 * A task that never runs twice at once: calls while it runs are answered by one further run, so
 * that a slider that is dragged keeps the GPU busy but never behind.
 *
 * @param fail is handed what the task throws, other than `Superseded`
 */
export function latest(
  task: () => Promise<void>,
  fail: (error: unknown) => void,
): () => Promise<void> {
  let running: Promise<void> | null = null;
  let again = false;
  const run = async () => {
    do {
      again = false;
      await task().catch((error) => {
        if (!(error instanceof Superseded)) fail(error);
      });
    } while (again);
    running = null;
  };
  return () => {
    again = running !== null;
    return running ??= run();
  };
}
