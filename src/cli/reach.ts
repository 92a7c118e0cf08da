import { printAnswer } from './answer.ts';
import { askReach } from '../reach/ask.ts';
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
  const limits = `NetworkPolicies only. Not seen: ${answer.notSeen.join('; ')}.`;
  printAnswer(flags.output === 'json' ? json(answer) : table(answer), { ...answer, limits }, flags.quiet);
}
