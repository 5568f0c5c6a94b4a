import { UserError } from "../engine/errors.ts";

/**
 * Deno runs tasks in the folder of deno.json and tells in INIT_CWD where the command was typed: paths
 * on the command line, and what is made without a path, count from there.
 */
export function enterCallersFolder(): void {
  const name = { name: "env", variable: "INIT_CWD" } as const;
  const folder = Deno.permissions.querySync(name).state === "granted" && Deno.env.get("INIT_CWD");
  if (!folder) return;
  try {
    Deno.chdir(folder);
  } catch (error) {
    throw new UserError(`The folder ${folder} cannot be entered: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
