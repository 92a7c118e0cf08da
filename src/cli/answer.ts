import { exit } from '../errors.ts';
import { visible } from '../text.ts';

/** What goes with the answer to one question. */
export interface Asides {
  /** What to know about the question, as sentences. */
  notes: readonly string[];
  /** What the answer is about, and what it leaves out: `RBAC only. Not seen: …`. */
  limits: string;
  /** Why it may be wrong or lack something, as sentences. */
  unread: readonly string[];
}

/** Prints an answer; what it lacks is said on standard error even when all else is quiet, and by the exit code. */
export function printAnswer(text: string, { notes, limits, unread }: Asides, quiet = false): void {
  if (!quiet) for (const note of notes) say('note', note);
  process.stdout.write(text);
  if (!quiet) say('note', limits);
  for (const sentence of unread) say('incomplete', sentence);
  process.exitCode = unread.length === 0 ? exit.done : exit.incomplete;
}

function say(label: string, sentence: string): void {
  process.stderr.write(`${label}: ${visible(sentence, 1000)}\n`);
}
