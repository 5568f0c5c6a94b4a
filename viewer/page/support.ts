/// <reference lib="dom" />
import { Gpu } from "../../engine/gpu.ts";

/** Why there is no WebGPU here and what can be done, or an open device. */
export type Support = { readonly gpu: Gpu } | { readonly missing: string };

const BROWSERS = "Chrome or Edge 113 or newer, Safari 26 or newer, or Firefox 141 or newer";

/** Opens WebGPU, or finds out what to tell the user. */
export async function openWebGpu(): Promise<Support> {
  if (!isSecureContext) {
    return {
      missing: "Browsers offer WebGPU to pages from https:// or http://localhost only: " +
        "please open this page from one of the two.",
    };
  }
  if (!navigator.gpu) {
    return {
      missing: `This browser has no WebGPU. Please open the page in ${BROWSERS}. In Chrome on ` +
        "Linux, WebGPU may have to be switched on at chrome://flags/#enable-unsafe-webgpu.",
    };
  }
  if (!await navigator.gpu.requestAdapter()) {
    return {
      missing: "This browser has WebGPU but found no graphics adapter for it. Please switch " +
        "hardware acceleration on in its settings, update the graphics driver, or try " +
        `${BROWSERS}.`,
    };
  }
  return { gpu: await Gpu.request() };
}
