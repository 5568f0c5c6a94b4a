import { UserError } from "../../engine/errors.ts";

const FOLDER = new URL("../../shaders/", import.meta.url);

/** Prints the text of a shader as it is handed to WebGPU. */
export async function printShader(name: string): Promise<Record<string, unknown>> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(FOLDER)) {
    if (entry.name.endsWith(".wgsl")) names.push(entry.name.replace(/\.wgsl$/, ""));
  }
  if (!names.includes(name)) {
    throw new UserError(
      `There is no shader "${name}": the shaders are ${names.sort().join(", ")}`,
    );
  }
  const source = await Deno.readTextFile(new URL(`${name}.wgsl`, FOLDER));
  await Deno.stdout.write(new TextEncoder().encode(source));
  return { shader: name };
}
