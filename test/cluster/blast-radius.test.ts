/**
 * What we say that a Pod Security level would refuse, and whether a namespace would take a Pod again, against what a real
 * API server says. BLAST_PODS says how many live Pods and how many templates there are (1,000 is the full size), TEST_SEED
 * repeats a run.
 */
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../src/api/connection.ts';
import { psaNamespaceLabels } from '../../src/checks/psa-namespace-labels/check.ts';
import { pssBaselineEnforced } from '../../src/checks/pss-baseline-enforced/check.ts';
import { collectCluster } from '../../src/collect/cluster.ts';
import { startEvaluation } from '../../src/evaluate/engine.ts';
import { admissionOf } from '../../src/kit/admission.ts';
import {
  templateSources,
  type BlastRadius,
  type CheckResult,
  type Finding,
  type JsonObject,
  type Workload,
} from '../../src/model.ts';
import { skipReason } from '../control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from '../servers/control-plane.ts';
import { noWords } from '../unit/collection.ts';
import { seed } from '../seed.ts';
import { debugContainers, pods, type RawPod } from './pods.ts';
import { inParallel, sender, type Send, type Warned } from './warnings.ts';

const wanted = Number(process.env['BLAST_PODS'] ?? 100);

const levels = ['baseline', 'restricted'] as const;
type Level = (typeof levels)[number];

// ---------------------------------------------------------------------------------------------------------
// What is there

/** A server answers with at most 4,096 characters of warnings, so that it must not have too much to say of one namespace. */
const podsOfOne = 20;

/** Those without a level, whose labels only pin a version; and the one that pins none. */
interface Unlabelled {
  name: string;
  version: string;
}
const label = (what: string) => `pod-security.kubernetes.io/${what}`;
const pinned = (version: string) =>
  version === 'latest' ? {} : { [label('enforce-version')]: version, [label('warn-version')]: version };

const unlabelled = (prefix: string, count: number, newest: number): Unlabelled[] =>
  Array.from({ length: Math.ceil(count / podsOfOne) }, (_, i) => ({
    name: `${prefix}-${i}`,
    version: i % 3 === 0 ? 'latest' : `v1.${18 + ((i * 7) % (newest - 16))}`,
  }));

const podsPath = 'api/v1/NS/pods';
const kinds: Record<string, { path: string; wrap: (name: string, template: JsonObject) => JsonObject }> = {
  Deployment: { path: 'apis/apps/v1/NS/deployments', wrap: ofSet({ replicas: 0 }) },
  ReplicaSet: { path: 'apis/apps/v1/NS/replicasets', wrap: ofSet({ replicas: 0 }) },
  StatefulSet: { path: 'apis/apps/v1/NS/statefulsets', wrap: ofSet({ replicas: 0, serviceName: 'a' }) },
  DaemonSet: { path: 'apis/apps/v1/NS/daemonsets', wrap: ofSet({}) },
  ReplicationController: {
    path: 'api/v1/NS/replicationcontrollers',
    wrap: (app, template) => ({ spec: { replicas: 0, selector: { app }, template } }),
  },
  Job: { path: 'apis/batch/v1/NS/jobs', wrap: (_, template) => ({ spec: { template: once(template) } }) },
  CronJob: {
    path: 'apis/batch/v1/NS/cronjobs',
    wrap: (_, template) => ({
      spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template: once(template) } } },
    }),
  },
  Pod: { path: podsPath, wrap: (_, { spec }) => ({ spec: spec ?? {} }) },
  PodTemplate: { path: 'api/v1/NS/podtemplates', wrap: (_, template) => ({ template }) },
};
function ofSet(rest: JsonObject) {
  return (app: string, template: JsonObject): JsonObject => ({
    spec: { ...rest, selector: { matchLabels: { app } }, template },
  });
}
const once = ({ metadata, spec }: JsonObject): JsonObject => ({
  metadata: metadata ?? {},
  spec: { ...(spec as JsonObject), restartPolicy: 'Never' },
});

/** An object with a template of Pods that was taken by the server, and the Pod that it stands for. */
interface Template {
  kind: string;
  namespace: string;
  version: string;
  object: JsonObject;
  pod: RawPod;
}

const pathOf = (path: string, namespace: string, dryRun: boolean): string =>
  `/${path.replace('NS', `namespaces/${namespace}`)}${dryRun ? '?dryRun=All' : ''}`;

/** Creates what is wanted, as far as it is valid. */
async function populate(
  send: Send,
  namespaces: readonly Unlabelled[],
  count: number,
  { names, offset }: { names: readonly string[]; offset: number },
) {
  const raw = fc.sample(pods, { seed: seed + offset, numRuns: count });
  const templates = await inParallel([...raw.entries()], async ([i, pod]): Promise<Template | undefined> => {
    const kind = names[i % names.length] ?? '';
    const namespace = namespaces[Math.floor(i / podsOfOne)];
    const { path, wrap } = kinds[kind] ?? {};
    if (namespace === undefined || path === undefined || wrap === undefined) throw new Error(`${kind}?`);
    const name = `t${i}`;
    const { annotations = {} } = pod.metadata;
    const template = { metadata: { labels: { app: name }, annotations }, spec: pod.spec };
    const object = { metadata: { name, annotations }, ...wrap(name, template) };
    const { status, body } = await send('POST', pathOf(path, namespace.name, false), object);
    if (![201, 400, 422].includes(status)) throw new Error(`${status}: ${body.message}`);
    return status === 201
      ? { kind, namespace: namespace.name, version: namespace.version, object, pod }
      : undefined;
  });
  return templates.filter((template) => template !== undefined);
}

/** Live Pods: in every other namespace a custom controller has some of them, and some have debug containers. */
async function populateLive(send: Send, namespaces: readonly Unlabelled[], count: number) {
  const raw = fc.sample(pods, { seed: seed + 1, numRuns: count });
  const debug = fc.sample(debugContainers, { seed, numRuns: count });
  const created = await inParallel([...raw.entries()], async ([i, pod]) => {
    const index = Math.floor(i / podsOfOne);
    const namespace = namespaces[index];
    if (namespace === undefined) throw new Error('no namespace');
    const uid = `00000000-0000-0000-0000-${String(index * 10 + (i % 5)).padStart(12, '0')}`;
    const owner = {
      apiVersion: 'example.com/v1',
      kind: 'Robot',
      name: `robot-${i % 5}`,
      uid,
      controller: true,
    };
    const name = `p${i}`;
    const metadata = { ...pod.metadata, name, ...(index % 2 === 1 ? { ownerReferences: [owner] } : {}) };
    const { status, body } = await send('POST', pathOf(podsPath, namespace.name, false), {
      ...pod,
      metadata,
    });
    if (![201, 400, 422].includes(status)) throw new Error(`${status}: ${body.message}`);
    if (status !== 201) return 0;
    if (i % 7 === 0) {
      const spec = { ...(body['spec'] as JsonObject), ephemeralContainers: debug[i] ?? [] };
      const path = `/api/v1/namespaces/${namespace.name}/pods/${name}/ephemeralcontainers`;
      await send('PUT', path, { ...body, spec });
    }
    return 1;
  });
  return created.filter((made) => made === 1).length;
}

// ---------------------------------------------------------------------------------------------------------
// What we say

/** Reads the cluster as an audit does: the findings of the checks of labels, every workload, and what is said of it. */
async function look(cluster: ControlPlane) {
  const connection = await connect({ kubeconfig: cluster.kubeconfig });
  try {
    const collection = await collectCluster(connection);
    const evaluation = await startEvaluation(collection, {
      checks: [psaNamespaceLabels, pssBaselineEnforced],
      guidance: () => noWords,
      exemptions: [],
      now: new Date(),
    });
    const live: Workload[] = [];
    const outcome = await collection.streamPods({
      page(page) {
        live.push(...page);
        evaluation.sink.page(page);
      },
      restart() {
        live.length = 0;
        evaluation.sink.restart();
      },
    });
    const [labels, enforced] = evaluation.finish(outcome).checks;
    if (labels === undefined || enforced === undefined) throw new Error('no results');
    const minor = Number(/^v1\.(\d+)/.exec(collection.cluster.version)?.[1]);
    const admission = admissionOf(collection.held, minor, collection.outcomes);
    const workloads = [...templateSources.flatMap((source) => collection.held[source]), ...live];
    return { labels, enforced, admission, workloads };
  } finally {
    await connection.close();
  }
}

const findingOn = ({ findings }: CheckResult, namespace: string): Finding => {
  const found = findings.find(({ object }) => object.name === namespace);
  if (found === undefined) throw new Error(`no finding on ${namespace}`);
  return found;
};

const radiusOf = ({ fix }: Finding, level: Level): BlastRadius => {
  const found = fix.blastRadius?.find((radius) => radius.level === level);
  if (found === undefined) throw new Error(`no blast radius of ${level}`);
  return found;
};

/** Our words, and the server's. */
const serverWords: Readonly<Record<string, string>> = {
  'host namespaces': 'host namespaces',
  privileged: 'privileged',
  'added capabilities': 'non-default capabilities',
  'hostPath volumes': 'hostPath volumes',
  hostPort: 'hostPort',
  'AppArmor profile': 'forbidden AppArmor profile',
  seLinuxOptions: 'seLinuxOptions',
  procMount: 'procMount',
  'seccomp profile': 'seccompProfile',
  sysctls: 'forbidden sysctls',
  hostProcess: 'hostProcess',
  'host of a probe or hook': 'probe or lifecycle host',
  'volume types': 'restricted volume types',
  'allowPrivilegeEscalation is not false': 'allowPrivilegeEscalation != false',
  'runAsNonRoot is not true': 'runAsNonRoot != true',
  'runAsUser is 0': 'runAsUser=0',
  capabilities: 'unrestricted capabilities',
};

const inServerWords = (reasons: readonly string[]): string =>
  reasons
    .map((reason) => {
      const noun = reason.slice(0, reason.lastIndexOf(' ('));
      return serverWords[noun] ?? `?${noun}`;
    })
    .toSorted()
    .join(', ');

/** `… violate PodSecurity "baseline:v1.30": hostPort (container …), privileged (container …)` */
const reasonsIn = ({ warnings }: Warned): string => {
  const own = warnings.find((text) => text.startsWith('would violate PodSecurity')) ?? '';
  const listed = own.slice(own.indexOf('": ') + 3);
  return [...listed.matchAll(/(?:^|\), )([^()]+?) \(/g)]
    .map(([, reason = '']) => reason.replace(/profiles$/, 'profile'))
    .toSorted()
    .join(', ');
};

/** `p1 (and 2 other pods): hostPort, privileged`: how many Pods, and the first of them, by what is wrong with them. */
function groupsIn({ warnings }: Warned): Map<string, { first: string; count: number }> {
  const lines = warnings.flatMap((text) => {
    const found = /^(\S+?)(?: \(and (\d+) other pods?\))?: (.*)$/.exec(text);
    return found === null ? [] : [found];
  });
  // Several reasons have a plural of their own, which makes two lines of what is one group here.
  const byReasons = Map.groupBy(lines, ([, , , reasons = '']) =>
    reasons
      .split(', ')
      .map((reason) => reason.replace(/profiles$/, 'profile'))
      .toSorted()
      .join(', '),
  );
  return new Map(
    [...byReasons].map(([reasons, group]) => [
      reasons,
      {
        first: group.map(([, first = '']) => first).toSorted()[0] ?? '',
        count: sumOf(group.map(([, , others = '0']) => Number(others) + 1)),
      },
    ]),
  );
}

/** The same of a blast radius in which every workload is one Pod. */
function groupsOf({ workloads }: BlastRadius): Map<string, { first: string; count: number }> {
  const byReasons = Map.groupBy(workloads, ({ reasons }) => inServerWords(reasons));
  return new Map(
    [...byReasons].map(([reasons, all]) => [
      reasons,
      { first: all.map(({ object }) => object.name).toSorted()[0] ?? '', count: all.length },
    ]),
  );
}

const sorted = <V>(map: ReadonlyMap<string, V>) =>
  [...map].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

/** The server fills in a host port for each port of a Pod on the host network, which nobody asked for. */
const withoutMirrored = (pod: RawPod, reasons: string, says: string): string =>
  pod.spec['hostNetwork'] === true && !says.includes('hostPort')
    ? reasons
        .split(', ')
        .filter((reason) => reason !== 'hostPort')
        .join(', ')
    : reasons;

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0);
const distinct = (lists: readonly string[]): string[] =>
  [...new Set(lists.flatMap((list) => list.split(', ')))].toSorted();

// ---------------------------------------------------------------------------------------------------------

describe.each([
  { version: '1.37', newest: 37, share: 1 },
  { version: '1.24', newest: 24, share: 0.5 },
] as const)('Kubernetes $version', ({ version, newest, share }) => {
  const skip = skipReason(version);
  const count = Math.ceil(wanted * share);
  // About a third of what is generated is not valid.
  const generated = Math.ceil(count * 1.6);
  const forLive = unlabelled('live', generated, newest);
  const forTemplates = unlabelled('templates', generated, newest);
  /** Where templates and Pods are made first, and a level is enforced after that. */
  const enforcing = [
    { name: 'enforces-baseline', version: 'latest', level: 'baseline' },
    { name: 'enforces-restricted', version: 'latest', level: 'restricted' },
    { name: 'enforces-older', version: `v1.${newest - 3}`, level: 'restricted' },
    { name: 'enforces-newer', version: `v1.${newest + 3}`, level: 'restricted' },
    { name: 'enforces-privileged', version: 'latest', level: 'privileged' },
    { name: 'enforces-nothing', version: 'latest', level: undefined },
  ];
  const warning = (level: Level, of: string) => `warns-${level}-${of.replace('.', '-')}`;

  let cluster: ControlPlane;
  let send: Send;
  let templates: Template[];
  let enforced: Template[];
  let seen: Awaited<ReturnType<typeof look>>;

  beforeAll(async () => {
    if (skip) return;
    cluster = await startControlPlane({ version });
    send = sender(cluster);
    const versions = [...new Set(forTemplates.map((each) => each.version))];
    const warned = versions.flatMap((of) =>
      levels.map((level) => ({
        name: warning(level, of),
        labels: { [label('warn')]: level, [label('warn-version')]: of },
      })),
    );
    const plain = [...forLive, ...forTemplates].map(({ name, version: of }) => ({
      name,
      labels: pinned(of),
    }));
    await inParallel([...warned, ...plain, ...enforcing.map(({ name }) => ({ name }))], (metadata) =>
      send('POST', '/api/v1/namespaces', { metadata }),
    );
    const names = Object.keys(kinds);
    templates = await populate(send, forTemplates, generated, {
      names: names.filter((name) => name !== 'Pod'),
      offset: 0,
    });
    const live = await populateLive(send, forLive, generated);
    enforced = await populate(
      send,
      enforcing.map(({ name, version: of }) => ({ name, version: of })),
      enforcing.length * podsOfOne,
      { names, offset: 2 },
    );
    for (const { name, version: of, level } of enforcing) {
      if (level === undefined) continue;
      const labels = { [label('enforce')]: level, [label('enforce-version')]: of };
      await send('PATCH', `/api/v1/namespaces/${name}`, { metadata: { labels } });
    }
    seen = await look(cluster);
    console.log(
      `blast radius on ${version}, seed ${seed}: ${live} live pods, ${templates.length} templates, ${enforced.length} where a level is enforced`,
    );
    if (Math.min(live, templates.length) < count * 0.8) throw new Error('too few are valid');
  }, 600_000);
  afterAll(() => cluster?.stop());

  test.skipIf(skip)(
    'of live pods equals what the server warns of when the label is tried',
    async () => {
      const trials = forLive.flatMap((namespace, index) =>
        levels.map((level) => ({ ...namespace, index, level })),
      );
      let refused = 0;
      await inParallel(trials, async ({ name, version: of, index, level }) => {
        const answer = await send('PATCH', `/api/v1/namespaces/${name}?dryRun=All`, {
          metadata: { labels: { [label('enforce')]: level } },
        });
        expect([name, answer.status]).toEqual([name, 200]);
        const server = groupsIn(answer);
        const ours = radiusOf(findingOn(seen.enforced, name), level);
        expect([name, ours.version]).toEqual([name, of]);
        const total = sumOf([...server.values()].map((group) => group.count));
        refused += total;
        expect([name, level, sumOf(ours.workloads.map((each) => each.pods))]).toEqual([name, level, total]);
        // Where a controller has several, what it is charged with is what all of its Pods are.
        const [says, should] =
          index % 2 === 0
            ? [sorted(groupsOf(ours)), sorted(server)]
            : [
                distinct(ours.workloads.map((each) => inServerWords(each.reasons))),
                distinct([...server.keys()]),
              ];
        expect([name, level, says]).toEqual([name, level, should]);
        // The other check says the same of a label that only warns.
        expect(radiusOf(findingOn(seen.labels, name), level)).toEqual(ours);
      });
      console.log(`${refused} refusals of live pods compared`);
      expect(refused).toBeGreaterThan(count / 2);
    },
    600_000,
  );

  test.skipIf(skip)(
    'of templates equals what the server warns of when one is made under the warn label',
    async () => {
      const trials = templates.flatMap((template) => levels.map((level) => ({ template, level })));
      let refused = 0;
      await inParallel(trials, async ({ template, level }) => {
        const { kind, namespace, version: of, object, pod } = template;
        const name = (object['metadata'] as { name: string }).name;
        const under = warning(level, of);
        const ours = radiusOf(findingOn(seen.enforced, namespace), level).workloads.find(
          (workload) => workload.object.kind === kind && workload.object.name === name,
        );
        const says = inServerWords(ours?.reasons ?? []);
        const ofTemplate = await send('POST', pathOf(kinds[kind]?.path ?? '', under, true), object);
        const ofPod = await send('POST', pathOf(podsPath, under, true), pod);
        // Before 1.27 the server makes fields of seccomp annotations and the reverse, but only in Pods.
        const isConverted =
          newest < 27 && (of === 'v1.18' || JSON.stringify(pod.metadata).includes('seccomp.security'));
        const what = { kind, name, level, of, object };
        expect({ ...what, status: ofTemplate.status, says }).toEqual({
          ...what,
          status: 201,
          says: isConverted ? says : reasonsIn(ofTemplate),
        });
        expect({ ...what, says }).toEqual({
          ...what,
          says: ofPod.status === 201 ? withoutMirrored(pod, reasonsIn(ofPod), says) : says,
        });
        if (ours !== undefined) refused += 1;
      });
      console.log(`${refused} refusals of templates compared`);
      expect(refused).toBeGreaterThan(count / 2);
    },
    600_000,
  );

  test.skipIf(skip)('what is said of making Pods again is what the server does', async () => {
    const verdicts = { admitted: 0, refused: 0 };
    await inParallel(enforced, async ({ kind, namespace, object, pod }) => {
      const name = (object['metadata'] as { name: string }).name;
      const workload = seen.workloads.find(
        (each) => each.kind === kind && each.metadata.namespace === namespace && each.metadata.name === name,
      );
      if (workload === undefined) throw new Error(`${kind} ${name} was not read`);
      const { status, body } = await send('POST', pathOf(podsPath, namespace, true), pod);
      if (status === 400 || status === 422) return;
      const isRefused = status === 403 && body.message?.includes('violates PodSecurity') === true;
      const server = isRefused ? 'refused' : 'admitted';
      expect({ object, status, verdict: seen.admission.again(workload)?.verdict }).toEqual({
        object,
        status: isRefused ? 403 : 201,
        verdict: server,
      });
      verdicts[server] += 1;
    });
    console.log(`made again: ${verdicts.admitted} admitted, ${verdicts.refused} refused`);
    expect(Math.min(verdicts.admitted, verdicts.refused)).toBeGreaterThan(10);
  });
});
