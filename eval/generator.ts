/** What stands in documents of this program, so that they are known to be its own. */
export const GENERATOR = "CALM on WebGPU";
