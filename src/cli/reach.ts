import { exit } from '../errors.ts';
import { askReach } from '../reach/ask.ts';
import { visible } from '../text.ts';
import { targetOf, type ReachFlags } from './flags.ts';
import { json } from './reach-json.ts';
import { table } from './reach-table.ts';

/** `passmuster reach POD`: what can reach a Pod and what it can reach, with the policies that decide. */
export async function reach(pod: string, flags: ReachFlags): Promise<void> {
  const { namespace, from, to, port } = flags;
  const answer = await askReach(targetOf(flags), {
    pod,
    ...(namespace === undefined ? {} : { namespace }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(port === undefined ? {} : { port }),
  });
  if (flags.quiet !== true) for (const note of answer.notes) say('note', note);
  process.stdout.write(flags.output === 'json' ? json(answer) : table(answer));
  if (flags.quiet !== true) say('note', `NetworkPolicies only. Not seen: ${answer.notSeen.join('; ')}.`);
  for (const sentence of answer.unread) say('incomplete', sentence);
  process.exitCode = answer.unread.length === 0 ? exit.done : exit.incomplete;
}

function say(label: string, sentence: string): void {
  process.stderr.write(`${label}: ${visible(sentence, 1000)}\n`);
}
