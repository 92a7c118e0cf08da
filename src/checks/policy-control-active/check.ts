import { actingIn, policyControls, policySources } from '../../kit/admission/controls.ts';
import { opaqueWebhooks } from '../../kit/admission/webhooks.ts';
import { podSecurityOf } from '../../kit/admission/pod-security.ts';
import { clusterCheck } from '../../kit/define-check.ts';
import { isPlatformNamespace } from '../../kit/system-namespaces.ts';
import type { Namespace } from '../../model.ts';

/** What is known of one namespace: the names of what acts on its Pods. */
interface Guard {
  namespace: Namespace;
  /** Refuses all Pods that break it. */
  refusing: string[];
  /** Looks at some Pods only: by label, name or condition. */
  partly: string[];
  /** Notes or warns. */
  watching: string[];
  /** Webhooks that nobody can see through. */
  opaque: string[];
  isPrivileged: boolean;
}

export const policyControlActive = clusterCheck({
  id: 'policy-control-active',
  title: 'A policy that refuses Pods covers every namespace',
  severity: 'high',
  onNothing: 'not-applicable',
  needs: ['namespaces', ...policySources],
  optional: policySources,
  absenceCounts: true,
  test(held, { minor }) {
    const controls = policyControls(held, minor).filter(({ imagesOnly }) => imagesOnly !== true);
    const webhooks = opaqueWebhooks(held);
    const evaluated = held.namespaces
      .filter(({ metadata }) => !isPlatformNamespace(metadata.name))
      .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    const guards = evaluated.map((namespace): Guard => {
      const acting = actingIn(namespace, controls);
      const titles = (wanted: (effect: (typeof acting)[number]['effect']) => boolean) =>
        acting.filter(({ effect }) => wanted(effect)).map(({ control }) => control.title);
      const { level, isWritten } = podSecurityOf(namespace, minor).enforce;
      return {
        namespace,
        refusing: titles(({ mode, reach }) => mode === 'enforce' && reach === 'all'),
        partly: titles(({ mode, reach }) => mode === 'enforce' && reach === 'some'),
        watching: titles(({ mode }) => mode === 'audit' || mode === 'warn'),
        opaque: webhooks.filter(({ reachIn }) => reachIn(namespace) !== 'none').map(({ title }) => title),
        isPrivileged: isWritten && level === 'privileged',
      };
    });
    const isGuardedAnywhere = guards.some(({ refusing, partly }) => refusing.length + partly.length > 0);
    const open = guards.filter(({ refusing }) => refusing.length === 0);
    const byGap = Map.groupBy(open, (guard) => gapOf(guard, isGuardedAnywhere));
    return { evaluated, problems: [...byGap].map(([gap, members]) => problemOf(gap, members)) };
  },
});

type Gap = keyof typeof gaps;

function gapOf({ partly, opaque, isPrivileged }: Guard, isGuardedAnywhere: boolean): Gap {
  if (partly.length > 0) return 'partly';
  if (opaque.length > 0) return 'opaque';
  if (!isGuardedAnywhere) return 'none';
  return isPrivileged ? 'privileged' : 'unlabelled';
}

/** What may be said of namespaces without a policy that refuses all Pods which break it. */
const gaps = {
  none: {
    verdict: 'fail',
    message: (where: string, { watching }: Guard) =>
      watching.length === 0
        ? `Nothing was found that refuses a Pod in ${where}, or anywhere else.`
        : `Nothing was found that refuses a Pod in ${where}, or anywhere else: ${listed(watching)} only ${watching.length === 1 ? 'looks' : 'look'} on.`,
  },
  privileged: {
    verdict: 'fail',
    message: (where: string) =>
      `No policy refuses Pods in ${where}: enforce: privileged lets all of them in.`,
  },
  unlabelled: {
    verdict: 'review',
    message: (where: string) =>
      `No policy was found that refuses Pods in ${where}; whether the API server has a default of its own cannot be read.`,
  },
  partly: {
    verdict: 'review',
    message: (where: string, { partly }: Guard) =>
      `Only some Pods in ${where} are held to a policy, as far as can be told: ${listed(partly)}.`,
  },
  opaque: {
    verdict: 'review',
    message: (where: string, { opaque }: Guard) =>
      `No policy was found that refuses Pods in ${where}, only what may be one: ${listed(opaque)}.`,
  },
} as const;

/** One finding for all namespaces with the same gap. */
function problemOf(gap: Gap, guards: readonly Guard[]) {
  const [first, ...more] = guards;
  if (first === undefined) throw new Error('a gap without a namespace');
  const { name } = first.namespace.metadata;
  const where =
    more.length === 0
      ? `namespace ${name}`
      : `namespace ${name} and ${more.length} more ${more.length === 1 ? 'namespace' : 'namespaces'}`;
  const { verdict, message } = gaps[gap];
  return {
    object: first.namespace,
    field: [],
    verdict,
    message: message(where, first),
    identity: [gap],
    members: guards.map((guard) => ({
      object: guard.namespace,
      field: [],
      message: message(`namespace ${guard.namespace.metadata.name}`, guard),
    })),
    fix,
  };
}

const listed = ([first = '', ...more]: readonly string[]): string =>
  more.length === 0 ? first : `${first} and ${more.length} more`;

const fix = {
  action: 'none',
  risk: 'advice',
  note: 'Begin with Pod Security labels: psa-namespace-labels and pss-baseline-enforced have the commands for each namespace, and what they would refuse.',
} as const;
