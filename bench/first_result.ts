/** Run by cold_start.ts in a process of its own: builds a network and computes logits once. */
const [who, options, model] = Deno.args;
const settings = JSON.parse(options);
if (who === "ours") {
  const { Gpu } = await import("../engine/gpu.ts");
  const { OurNetwork } = await import("./network.ts");
  const network = new OurNetwork(await Gpu.request(), settings);
  await network.logits();
} else {
  const { ortNetwork } = await import(new URL("./peers/ort.ts", import.meta.url).href);
  const images = new Float32Array(settings.batch * settings.size ** 2 * 3);
  const network = await ortNetwork(await Deno.readFile(model), settings, images);
  await network.logits();
}
Deno.exit(0);
