/**
 * What a user can mend: a wrong option, a missing folder, a damaged file, too little memory.
 *
 * The message is one sentence that names the file or option, the value found and what was
 * expected. The command line prints it without a stack trace and exits with status 1; any other
 * error is a defect of this program and keeps its stack trace.
 */
export class UserError extends Error {
  /** Tells it from defects in logs. */
  override name = "UserError";
  /** Names of the settings that decide it; of a command line these are its options. */
  readonly settings: readonly string[];

  /**
   * One sentence.
   *
   * @param options what it comes from, and the settings that decide it
   */
  constructor(
    message: string,
    options: ErrorOptions & { readonly settings?: readonly string[] } = {},
  ) {
    super(message, options);
    this.settings = options.settings ?? [];
  }
}

/** The user stopped the work, by Ctrl-C or a signal: the exit status tells that, too. */
export class Interrupted extends UserError {}
