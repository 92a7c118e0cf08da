import type { Held, Node } from '../../model.ts';
import type { ClusterCheck, Problem } from '../define-check.ts';
import { networkPlugins, pluginTitles, type Plugin } from './cni.ts';

type Verdict = ReturnType<ClusterCheck['test']>;

/**
 * Whether something enforces NetworkPolicies, as far as the API shows: the agents that do so are DaemonSets. One that is
 * ready on every node passes, a network plugin that is known not to do so fails, and anything else is for a person to say.
 */
export function enforcement({ daemonSets, nodes }: Pick<Held, 'daemonSets' | 'nodes'>): Verdict {
  const plugins = networkPlugins(daemonSets);
  const evidence = evidenceOf(plugins, nodes);
  const enforcing = plugins.filter(
    ({ enforces, daemonSet }) => enforces === true && daemonSet.scheduled !== 0,
  );
  const judged = enforcing.length > 0 ? enforcing : plugins.filter(({ enforces }) => enforces !== undefined);
  const words = enforcing.length > 0 ? doubtOf(enforcing, nodes) : absence;
  const verdict = enforcing.length > 0 ? ('review' as const) : ('fail' as const);
  const problems = [...Map.groupBy(judged, ({ daemonSet }) => daemonSet)].flatMap(([object, those]) => {
    const message = words(those.find(({ off }) => off !== undefined) ?? (those[0] as Plugin));
    return message === '' ? [] : [{ object, field: [], message, verdict, fix }];
  });
  return { evaluated: judged.map(({ daemonSet }) => daemonSet), problems, evidence };
}

const fix: NonNullable<Problem['fix']> = {
  action: 'none',
  risk: 'advice',
  note: 'This is a setting of the cluster or of its network plugin, which no change of one object makes; see the plan.',
};

const absence = ({ name, off, enforces }: Plugin): string =>
  enforces === true
    ? `${name} enforces NetworkPolicies and runs on no node.`
    : `${name} ${off ?? 'does not enforce NetworkPolicies'}, and nothing else that does is to be seen: policies are accepted and have no effect.`;

/** What stands against an agent that enforces policies. */
function doubtOf(enforcing: readonly Plugin[], nodes: readonly Node[]): (plugin: Plugin) => string {
  const scheduled = new Map<string, number>();
  for (const { name, daemonSet } of enforcing) {
    scheduled.set(name, (scheduled.get(name) ?? 0) + (daemonSet.scheduled ?? nodes.length));
  }
  return ({ name, daemonSet, remark = '' }) => {
    const { scheduled: wanted = 0, ready = wanted } = daemonSet;
    const covered = Math.max(...scheduled.values());
    const doubts = [
      ready < wanted ? `${name} is ready on ${ready} of ${wanted} nodes.` : '',
      covered < nodes.length && scheduled.get(name) === covered
        ? `${name} runs on ${covered} of ${nodes.length} nodes: on the others nothing enforces NetworkPolicies.`
        : '',
      remark === '' ? '' : `${name} enforces NetworkPolicies. ${remark}`,
    ];
    return doubts.filter((doubt) => doubt !== '').join(' ');
  };
}

/** What a person needs to go on. */
function evidenceOf(plugins: readonly Plugin[], nodes: readonly Node[]): string {
  const found =
    plugins.length === 0
      ? 'No DaemonSet of a network plugin that is known was found.'
      : `Network plugins: ${pluginTitles(plugins).join(', ')}.`;
  const isK3s = nodes.some(({ providerID = '' }) => providerID.startsWith('k3s://'));
  return `${found}${isK3s ? builtIn : ''} Whether policies are enforced is for a probe to show: follow the test plan.`;
}

const builtIn =
  ' This is k3s, which has flannel and a policy controller built in, unless it was started with --disable-network-policy.';
