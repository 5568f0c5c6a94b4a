/** What stops a program, and the exit status that tells so: 128 and the signal's number. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * A signal may come twice at once: to the group, and from the program that started this one.
 * In milliseconds.
 */
const SAME = 300;

let stoppedBy: keyof typeof SIGNALS = "SIGINT";

/** The exit status of a program that was stopped. */
export function stoppedStatus(): number {
  return SIGNALS[stoppedBy];
}

/**
 * Runs `body` with a signal that Ctrl-C (SIGINT), SIGTERM or SIGHUP aborts, so that it can save
 * what it has. The second one ends the program at once, whatever `body` is doing.
 *
 * @param onFirst told of the first one
 */
export async function untilInterrupted<T>(
  body: (signal: AbortSignal) => Promise<T>,
  onFirst: () => void = () => {},
): Promise<T> {
  const stop = new AbortController();
  let first = 0;
  const listeners = (Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]).map((name) => {
    const listener = () => {
      if (name === "SIGHUP" && outlivesTerminal()) return;
      if (stop.signal.aborted) {
        if (performance.now() - first > SAME) Deno.exit(SIGNALS[name]);
        return;
      }
      stoppedBy = name;
      first = performance.now();
      stop.abort();
      onFirst();
    };
    return [name, listener] as const;
  });
  const heard = listeners.filter(([name, listener]) => listen(name, listener));
  try {
    return await body(stop.signal);
  } finally {
    for (const [name, listener] of heard) Deno.removeSignalListener(name, listener);
  }
}

function listen(name: Deno.Signal, listener: () => void): boolean {
  try {
    Deno.addSignalListener(name, listener);
    return true;
  } catch {
    return false; // Windows does not know all of them.
  }
}

/** Begun with nohup, a program is to outlive its terminal; ./calm sees that and tells. */
function outlivesTerminal(): boolean {
  try {
    return Deno.env.get("CALM_NOHUP") === "1";
  } catch {
    return false;
  }
}
