import { benchmarks } from '../../src/benchmarks/index.ts';
import { checks } from '../../src/checks/index.ts';
import { sources } from '../../src/collect/sources.ts';
import type { PodContext } from '../../src/kit/define-check.ts';
import { pssControls, violations, type PssControl, type PssLevel } from '../../src/kit/pss.ts';
import type { Held, HeldSource, JsonObject, Workload } from '../../src/model.ts';
import type { ControlPlane } from '../servers/control-plane.ts';
import type { RawPod } from './pods.ts';

/** A policy of a namespace: a level, as it was in a version. */
export interface Policy {
  level: PssLevel;
  /** Minor version of Kubernetes 1. */
  minor: number;
}

/** Both levels in every version in which a rule may differ, up to the server's own. */
export const policiesUpTo = (newest: number): Policy[] =>
  [7, 8, ...Array.from({ length: newest - 17 }, (_, i) => 18 + i)].flatMap((minor): Policy[] => [
    { level: 'baseline', minor },
    { level: 'restricted', minor },
  ]);

export const nameOf = ({ level, minor }: Policy): string => `${level}-${minor}`;

// ---------------------------------------------------------------------------------------------------------
// What the API server says

/** What its admission calls the reason when a control fails. */
const reasons: Record<PssControl, string> = {
  hostNamespaces: 'host namespaces',
  privileged: 'privileged',
  capabilities_baseline: 'non-default capabilities',
  hostPathVolumes: 'hostPath volumes',
  hostPorts: 'hostPort',
  appArmorProfile: 'forbidden AppArmor profile',
  seLinuxOptions: 'seLinuxOptions',
  procMount: 'procMount',
  seccompProfile_baseline: 'seccompProfile',
  sysctls: 'forbidden sysctls',
  windowsHostProcess: 'hostProcess',
  hostProbesAndHostLifecycle: 'probe or lifecycle host',
  restrictedVolumes: 'restricted volume types',
  allowPrivilegeEscalation: 'allowPrivilegeEscalation != false',
  runAsNonRoot: 'runAsNonRoot != true',
  runAsUser: 'runAsUser=0',
  seccompProfile_restricted: 'seccompProfile',
  capabilities_restricted: 'unrestricted capabilities',
  procMount_restricted: 'procMount',
};
/** What the server may give for a reason, at either level, in the versions up to its own. */
export const reasonsUpTo = (newest: number): string[] =>
  [...new Set(pssControls.filter(({ from }) => from <= newest).map(({ id }) => reasons[id]))].toSorted();

/** At the restricted level a control of it speaks for the baseline one that it includes. */
const spokenForBy: Partial<Record<PssControl, PssControl>> = {
  capabilities_baseline: 'capabilities_restricted',
  hostPathVolumes: 'restrictedVolumes',
  procMount: 'procMount_restricted',
  seccompProfile_baseline: 'seccompProfile_restricted',
};

function reasonsFor(failing: readonly PssControl[], { level, minor }: Policy): string[] {
  const inForce = (id: PssControl | undefined) =>
    level === 'restricted' && pssControls.some((control) => control.id === id && control.from <= minor);
  const named = failing.filter((id) => !inForce(spokenForBy[id])).map((id) => reasons[id]);
  return [...new Set(named)].toSorted();
}

/** `… violates PodSecurity "baseline:v1.30": hostPort (container …), privileged (container …)`. */
function reasonsOf(message: string): string[] {
  const listed = message.slice(message.indexOf('": ') + 3);
  const found = listed.matchAll(/(?:^|\), )([^()]+?) \(/g);
  return [...found].map(([, reason = '']) => reason.replace(/profiles$/, 'profile')).toSorted();
}

interface Answer {
  status: number;
  body: JsonObject & { message?: string };
}

/** Asks an API server, and keeps nothing: every request is a dry run. */
export class Admission {
  readonly #cluster: ControlPlane;
  readonly #standing = new Map<string, Promise<Answer>>();

  constructor(cluster: ControlPlane) {
    this.#cluster = cluster;
  }

  /** The pod as the API server would keep it, defaults filled in; nothing where it is no valid pod. */
  async stored(pod: RawPod): Promise<RawPod | undefined> {
    return accepted(await this.#send('POST', 'privileged/pods', pod));
  }

  /** The reasons why the policy does not admit the pod; none where it does. */
  async rejects(pod: RawPod, policy: Policy): Promise<string[]> {
    return rejection(await this.#send('POST', `${nameOf(policy)}/pods`, pod));
  }

  /** The same for ephemeral containers, added to the pod that stands in every namespace. */
  async storedWith(debug: JsonObject[]): Promise<RawPod | undefined> {
    return accepted(await this.#debug('privileged', debug));
  }
  async rejectsWith(debug: JsonObject[], policy: Policy): Promise<string[]> {
    return rejection(await this.#debug(nameOf(policy), debug));
  }

  async #debug(namespace: string, ephemeralContainers: JsonObject[]): Promise<Answer> {
    const path = `${namespace}/pods/standing`;
    const standing = this.#standing.get(path) ?? this.#send('GET', path);
    this.#standing.set(path, standing);
    const { spec, ...rest } = (await standing).body as unknown as RawPod;
    return this.#send('PUT', `${path}/ephemeralcontainers`, {
      ...rest,
      spec: { ...spec, ephemeralContainers },
    });
  }

  async #send(method: 'GET' | 'POST' | 'PUT', path: string, body?: object): Promise<Answer> {
    const answer = await this.#cluster.request(method, `/api/v1/namespaces/${path}?dryRun=All`, { body });
    return { status: answer.status, body: JSON.parse(answer.text) as Answer['body'] };
  }
}

function accepted({ status, body }: Answer): RawPod | undefined {
  if (status === 200 || status === 201) return body as unknown as RawPod;
  if (status === 422 || status === 400) return undefined;
  throw new Error(`unexpected answer ${status}: ${body.message}`);
}

function rejection({ status, body }: Answer): string[] {
  if (status === 200 || status === 201) return [];
  const message = body.message ?? '';
  if (status !== 403 || !message.includes('violates PodSecurity')) {
    throw new Error(`unexpected answer ${status}: ${message}`);
  }
  return reasonsOf(message);
}

/** Makes a namespace for each policy and one without, each with a pod that all of them admit. The newest is `latest`. */
export async function prepare(
  cluster: ControlPlane,
  policies: readonly Policy[],
  standing: RawPod,
): Promise<void> {
  const newest = Math.max(...policies.map(({ minor }) => minor));
  const label = ({ level, minor }: Policy) => ({
    'pod-security.kubernetes.io/enforce': level,
    'pod-security.kubernetes.io/enforce-version': minor === newest ? 'latest' : `v1.${minor}`,
  });
  const namespaces = [
    { name: 'privileged' },
    ...policies.map((policy) => ({ name: nameOf(policy), labels: label(policy) })),
  ];
  const items = namespaces.flatMap((metadata) => [
    { apiVersion: 'v1', kind: 'Namespace', metadata },
    { ...standing, metadata: { name: 'standing', namespace: metadata.name } },
  ]);
  await cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}

// ---------------------------------------------------------------------------------------------------------
// What we say

type Judge = (workload: Workload, policy: Policy) => string[];

const contextOf = ({ kind, podAnnotations }: Workload, { minor }: Policy): PodContext<HeldSource> => ({
  annotations: podAnnotations ?? {},
  namespace: '',
  live: kind === 'Pod',
  minor,
  platform: 'kubernetes',
  held: {} as Held,
});

export const projected = (pod: RawPod): Workload => sources.pods.project(pod);

/** The standards as the kit has them. */
export const kit: Judge = (workload, policy) => {
  const { podSpec } = workload;
  if (podSpec === undefined) throw new Error('no pod spec');
  const context = contextOf(workload, policy);
  const failing = pssControls
    .filter(({ level }) => policy.level === 'restricted' || level === 'baseline')
    .filter(({ id }) => violations(id, podSpec, context).length > 0);
  return reasonsFor(
    failing.map(({ id }) => id),
    policy,
  );
};

/** The standards as the benchmark of the level has them: the checks that it names, whatever they are made of. */
export const profile: Judge = (workload, policy) => {
  const benchmark = benchmarks.find(({ id }) => id === `pss-${policy.level}`);
  const failing = (benchmark?.controls ?? []).filter((control) =>
    control.checks.some((id) => typeof id === 'string' && fails(id, workload, policy)),
  );
  return reasonsFor(
    failing.map(({ id }) => id as PssControl),
    policy,
  );
};

function fails(id: string, workload: Workload, policy: Policy): boolean {
  const check = checks.find((candidate) => candidate.id === id);
  if (check?.shape !== 'podSpec' || workload.podSpec === undefined)
    throw new Error(`${id} reads no pod spec`);
  const context = contextOf(workload, policy);
  if (check.applies?.(workload.podSpec, context) === false) return false;
  return check.test(workload.podSpec, context).some(({ verdict }) => verdict !== 'review');
}
