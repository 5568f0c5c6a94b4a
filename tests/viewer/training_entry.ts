import { Gpu } from "../../engine/gpu.ts";
import { firstLosses } from "./training.ts";

// For tests only: what they call in the browser.
Object.assign(globalThis, { Gpu, firstLosses });
