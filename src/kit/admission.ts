import type { Admission, Held, HeldSource, Namespace, SourceOutcome, Workload } from '../model.ts';
import { actingIn, otherControls, policySources } from './admission/controls.ts';
import { asMade } from './admission/made.ts';
import { podSecurityOf, refuses, type PodSecurity } from './admission/pod-security.ts';
import { pspGate } from './admission/psp-gate.ts';
import { opaqueWebhooks } from './admission/webhooks.ts';

/** What a namespace would say to the Pods of a workload. */
export interface AdmissionControl {
  /** Whether they would be admitted if they were made again; undefined where namespaces are not part of the audit. */
  again(workload: Workload): Admission | undefined;
}

/** What is known of a namespace before any Pod is looked at. */
interface Gate {
  enforce: PodSecurity;
  refusal: Admission;
  /** What is said of a Pod that the labels do not refuse. */
  otherwise: Admission;
}

/**
 * Reads what is held once. The level that the namespace enforces is judged exactly, at its version; what other policies
 * ask of a Pod is not read, so where one of them may refuse it nobody can tell.
 */
export function admissionOf(
  held: Held,
  minor: number,
  outcomes: Record<HeldSource, SourceOutcome>,
): AdmissionControl {
  const { state } = outcomes.namespaces;
  if (state === 'not-requested' || state === 'absent') return { again: () => undefined };

  const gates = new Map<string, Gate>();
  const controls = otherControls(held);
  const webhooks = opaqueWebhooks(held);
  const policiesSay = pspGate(held, minor, outcomes);
  const unread = policySources.filter((source) => !['ok', 'absent'].includes(outcomes[source].state));

  function gateOf(namespace: Namespace): Gate {
    const { enforce } = podSecurityOf(namespace, minor);
    const { name } = namespace.metadata;
    const asked = askedOf(namespace, enforce);
    const others = [
      ...actingIn(namespace, controls)
        .filter(({ effect }) => effect.mode === 'enforce')
        .map(({ control }) => control.title),
      ...webhooks.filter(({ reachIn }) => reachIn(namespace) !== 'none').map(({ title }) => title),
    ];
    const [first, ...more] = others;
    return {
      enforce,
      refusal: { verdict: 'refused', reason: asked },
      otherwise:
        first !== undefined
          ? unknown(`${first}${andMore(more.length)} may refuse Pods of namespace ${name}`)
          : unread.length > 0
            ? unknown(`policies were not read: ${unread[0]}${andMore(unread.length - 1)}`)
            : { verdict: 'admitted', reason: asked },
    };
  }

  for (const namespace of held.namespaces) gates.set(namespace.metadata.name, gateOf(namespace));

  return {
    again(workload) {
      // The kubelet runs it from a file of its own, whatever becomes of the copy that the API server is sent.
      if (workload.metadata.mirror === true) return staticPod;
      const name = workload.metadata.namespace ?? '';
      const gate = gates.get(name);
      if (gate === undefined) return unknown(`namespace ${name} was not read`);
      const { enforce, refusal, otherwise } = gate;
      if (refuses(enforce.level, enforce.minor, asMade(workload, minor))) return refusal;
      const { objection, admitting } = policiesSay(workload);
      return objection ?? withPolicies(otherwise, admitting);
    },
  };
}

/** Which PodSecurityPolicy takes the Pod, and which would if that one were gone. */
function withPolicies(answer: Admission, [first, ...others]: readonly string[]): Admission {
  if (first === undefined) return answer;
  const then = others.length === 0 ? '' : `, without it by ${others.join(', then ')}`;
  return { ...answer, reason: `${answer.reason}; admitted by PodSecurityPolicy ${first}${then}` };
}

const unknown = (reason: string): Admission => ({ verdict: 'unknown', reason });
const andMore = (count: number): string => (count > 0 ? ` and ${count} more` : '');
const staticPod: Admission = { verdict: 'admitted', reason: 'a static Pod: the kubelet runs it unasked' };

function askedOf({ metadata }: Namespace, { level, version, isWritten }: PodSecurity): string {
  if (!isWritten)
    return `no Pod Security label enforces a level on namespace ${metadata.name}, and a default of the API server itself cannot be read`;
  const at = version === 'latest' ? '' : ` (${version})`;
  return `enforce: ${level}${at} of namespace ${metadata.name}`;
}
