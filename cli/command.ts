import type { CommandSpec, ParsedOptions } from "./options.ts";

/** A command: what it is called and takes, and the function that does it. */
export interface Command {
  readonly spec: CommandSpec;
  /** Does the work; what it returns is printed with --json. */
  run(options: ParsedOptions): Promise<Record<string, unknown>>;
  /** Of a command that goes on when its result is there, as a server does: waits for its end. */
  end?(): Promise<void>;
}
