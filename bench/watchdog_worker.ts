/// <reference lib="deno.worker" />
import type { Order } from "./watchdog.ts";

let waiting: ReturnType<typeof setTimeout> | undefined;

self.onmessage = ({ data: { seconds, sentence } }: MessageEvent<Order>) => {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    Deno.stderr.writeSync(new TextEncoder().encode(`${sentence}\n`));
    Deno.kill(Deno.pid, "SIGKILL");
  }, 1000 * seconds);
};
self.postMessage("ready");
