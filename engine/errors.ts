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
}

/** The user stopped the work, by Ctrl-C or a signal: the exit status tells that, too. */
export class Interrupted extends UserError {}
