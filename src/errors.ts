/** Exit codes. An error that ends the run comes before the gates, and of those `incomplete` before `gate`. */
export const exit = {
  done: 0,
  runtime: 1,
  usage: 2,
  gate: 3,
  incomplete: 4,
  notDelivered: 5,
  interrupted: 130,
  terminated: 143,
} as const;
export type ExitCode = (typeof exit)[keyof typeof exit];

/**
 * An error a person can act on: what went wrong and where (`message`), how to put it right (`hint`), and the code
 * the process ends with. Printed without a stack trace; anything else that is thrown is a defect of ours.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;

  constructor(message: string, options: { hint?: string; exitCode?: ExitCode; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? exit.runtime;
  }
}

/** The message of anything thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
