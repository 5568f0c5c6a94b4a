/// <reference lib="dom" />
import assert from "node:assert/strict";
import { type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { serveFiles } from "../../viewer/http_server.ts";
import { buildSite, respond } from "../../viewer/site.ts";

/** Chromium and its WebGPU on a software adapter, which headless it does not offer by itself. */
const EXECUTABLES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const ARGUMENTS = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
];

const required = Deno.env.get("GPU_TESTS") === "require";
const executablePath = EXECUTABLES.find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});
// What the page computes is compared with Deno.
const here = await navigator.gpu?.requestAdapter() != null;
const missing = executablePath ? here ? null : "No WebGPU adapter" : "No Chromium in /usr/bin";
if (missing && !required) {
  console.error(`${missing}: tests of the viewer in a browser are skipped`);
}

// One browser for all tests of a file; each has a context of its own.
const browser = !missing || required
  ? await chromium.launch({ executablePath: executablePath ?? EXECUTABLES[0], args: ARGUMENTS })
  : null;

/** What tests add to the page's own files. */
export const extra = new Map<string, Uint8Array<ArrayBuffer>>();
const site = browser ? await buildSite() : new Map();
const server = browser
  ? serveFiles(0, (request) => Promise.resolve(respond(new Map([...site, ...extra]), request)))
  : null;
const origin = server ? `http://localhost:${server.port}/` : "";

if (browser) {
  Deno.test.afterAll(async () => {
    await browser.close();
    server!.close();
  });
}

/** How a test opens the page. */
export interface OpenOptions {
  readonly context?: BrowserContextOptions;
  /** JavaScript to run before the page's own. */
  readonly before?: string;
  /** A file of `extra` to open in place of the page. */
  readonly path?: string;
}

/**
 * Registers a test of the page in Chromium. It fails when the page logs an error or asks anybody
 * but its own server for anything. Without Chromium it is skipped, or fails where
 * GPU_TESTS=require is set.
 */
export function browserTest(
  name: string,
  body: (page: Page) => Promise<void>,
  { context = {}, before, path = "" }: OpenOptions = {},
): void {
  Deno.test({
    name,
    ignore: !browser,
    // The browser talks to the test through pipes that outlive it.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const own = await browser!.newContext(context);
      try {
        const page = await own.newPage();
        const wrong: string[] = [];
        page.on("pageerror", ({ message }) => wrong.push(message));
        page.on("console", (line) => line.type() === "error" && wrong.push(line.text()));
        page.on("request", (request) => {
          if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(origin)) {
            wrong.push(`The page asked for ${request.url()}`);
          }
        });
        if (before) await page.addInitScript(before);
        await page.goto(origin + path);
        await body(page);
        assert.deepEqual(wrong, []);
      } finally {
        await own.close();
      }
    },
  });
}

/** Waits until the page has answered everything that it was asked. */
export async function settled(page: Page): Promise<void> {
  await page.locator("#predictions tbody tr").first().waitFor();
  await page.waitForFunction(() => document.getElementById("viewer")!.ariaBusy === "false");
}

/** Waits until the picture of a file is shown with its map. */
export async function showing(page: Page, name: string): Promise<void> {
  // The caption comes with the map; the status names a picture when it is only looked at.
  await page.locator("#picture-caption").getByText(name).waitFor();
  await settled(page);
}

/** A column of the table of predictions: class index → number. */
export async function column(page: Page, index: number): Promise<Map<number, number>> {
  const rows = await page.locator("#predictions tbody tr").evaluateAll(
    (rows, index) =>
      (rows as HTMLTableRowElement[]).map((row): [number, number] => [
        Number(row.dataset.label),
        Number(row.cells[index].querySelector("data")!.value),
      ]),
    index,
  );
  return new Map(rows);
}

/** The bytes that a click on a button saves, and their file's name. */
export async function saved(page: Page, button: string) {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: button }).click(),
  ]);
  return {
    name: download.suggestedFilename(),
    bytes: await Deno.readFile(await download.path()) as Uint8Array<ArrayBuffer>,
  };
}

/**
 * Hands the page a file as if it had been dropped there, or pasted.
 *
 * @param onto the element on which it is
 */
export async function hand(
  page: Page,
  how: "drop" | "paste",
  { name, type, bytes }: { name: string; type: string; bytes: Uint8Array },
  onto = "body",
): Promise<void> {
  await page.evaluate(({ how, name, type, bytes, onto }) => {
    const data = new DataTransfer();
    data.items.add(
      new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name, { type }),
    );
    const options = { bubbles: true, cancelable: true };
    document.querySelector(onto)!.dispatchEvent(
      how === "drop"
        ? new DragEvent(how, { ...options, dataTransfer: data })
        : new ClipboardEvent(how, { ...options, clipboardData: data }),
    );
  }, { how, name, type, bytes: bytes.toBase64(), onto });
}
