/**
 * The checks of the Pod Security Standards against the admission of a real API server, pod by pod. PSS_PODS says how many
 * pods are compared, TEST_SEED repeats a run.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as fc from 'fast-check';
import type { Arbitrary } from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/model.ts';
import { startControlPlane, type ControlPlane } from '../servers/control-plane.ts';
import { seed } from '../seed.ts';
import { admitted, debugContainers, eachName, pods, type RawPod } from './pods.ts';
import {
  Admission,
  kit,
  nameOf,
  policiesUpTo,
  prepare,
  profile,
  projected,
  reasonsUpTo,
  type Policy,
} from './pss.ts';

const wanted = Number(process.env['PSS_PODS'] ?? 1000);
const fixtures = new URL('./pss-fixtures/', import.meta.url);
const out = new URL('../../out/', import.meta.url);

/** Something to be admitted or not, and the policies under which it is tried. */
interface Trial<T> {
  subject: T;
  policies: Policy[];
}
interface Verdict {
  policy: Policy;
  server: string[];
  /** Those of ours that differ, by who says so. */
  differing: Record<string, string[]>;
}
/** Undefined where the API refuses the subject as invalid. */
type Comparison<T> = (trial: Trial<T>) => Promise<Verdict[] | undefined>;

/** The newest policies and those of three versions before. */
const trialsOf = <T>(subjects: Arbitrary<T>, newest: number): Arbitrary<Trial<T>> => {
  const policies = policiesUpTo(newest);
  const earlier = [...new Set(policies.map(({ minor }) => minor))].filter((minor) => minor !== newest);
  return fc.record({
    subject: subjects,
    policies: fc
      .subarray(earlier, { minLength: 3, maxLength: 3 })
      .map((minors) => policies.filter(({ minor }) => minor === newest || minors.includes(minor))),
  });
};

const isDisagreement = (verdicts: readonly Verdict[] | undefined): boolean =>
  verdicts?.some(({ differing }) => Object.keys(differing).length > 0) ?? false;

/** Compares as many valid subjects as are wanted; throws at a disagreement, with the subject made as small as it gets. */
async function compareAll<T>(
  name: string,
  arbitrary: Arbitrary<Trial<T>>,
  compare: Comparison<T>,
  count: number,
): Promise<{ compared: number; verdicts: number; rejections: number }> {
  const trials = fc.sample(arbitrary, { seed, numRuns: 3 * count }).entries();
  const compared: Verdict[][] = [];
  let generated = 0;
  let disagreeing = Infinity;
  const worker = async () => {
    while (compared.length < count && disagreeing === Infinity) {
      const { value: [index, trial] = [], done } = trials.next();
      if (done || trial === undefined) return;
      generated += 1;
      const verdicts = await compare(trial);
      if (verdicts !== undefined) compared.push(verdicts);
      if (isDisagreement(verdicts)) disagreeing = Math.min(disagreeing, index ?? 0);
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  if (disagreeing !== Infinity) throw new Error(await explain(name, arbitrary, compare, disagreeing));

  const servers = compared.flat().map(({ server }) => server);
  const result = {
    compared: compared.length,
    verdicts: servers.length,
    rejections: servers.filter((reasons) => reasons.length > 0).length,
  };
  console.log(
    `${name}, seed ${seed}: ${generated} generated, ${generated - compared.length} invalid and left out`,
    result,
  );
  return result;
}

async function explain<T>(
  name: string,
  arbitrary: Arbitrary<Trial<T>>,
  compare: Comparison<T>,
  index: number,
): Promise<string> {
  const property = fc.asyncProperty(arbitrary, async (trial) => !isDisagreement(await compare(trial)));
  const { counterexample } = await fc.check(property, { seed, path: String(index), numRuns: 1 });
  const [smallest] = counterexample ?? fc.sample(arbitrary, { seed, path: String(index), numRuns: 1 });
  if (smallest === undefined) throw new Error('nothing to explain');
  const verdicts = (await compare(smallest)) ?? [];
  const file = new URL(`pss-${name.replaceAll(/\W+/g, '-')}.json`, out);
  mkdirSync(out, { recursive: true });
  writeFileSync(file, `${JSON.stringify(smallest.subject, null, 2)}\n`);
  const lines = verdicts
    .filter((verdict) => isDisagreement([verdict]))
    .map(({ policy, server, differing }) => JSON.stringify({ policy: nameOf(policy), server, ...differing }));
  return [
    `Disagreement with the API server (seed ${seed}, number ${index}), in the smallest form found:`,
    JSON.stringify(smallest.subject, null, 2),
    ...lines,
    `Written to ${file.pathname}: name it after what it shows and keep it in ${fixtures.pathname}.`,
  ].join('\n');
}

/**
 * The server fills in a host port for each port of a Pod on the host network, and a HostProcess Pod has to be on it. No
 * manifest says the former, and the checks report either as the one thing that it is; what causes it still counts.
 */
const withoutTwice = (live: RawPod, reasons: string[]): string =>
  reasons
    .filter((reason) => reason !== 'hostPort' || live.spec['hostNetwork'] !== true)
    .filter((reason) => reason !== 'host namespaces' || !reasons.includes('hostProcess'))
    .join();

const kept = readdirSync(fixtures).map(
  (file) => JSON.parse(readFileSync(new URL(file, fixtures), 'utf8')) as RawPod,
);

describe.each([
  { version: '1.37', newest: 37, forms: ['live', 'manifest'], unbreakable: '' },
  // A manifest may hold fields that this server drops: those it does not know, and procMount unless a gate is open.
  { version: '1.24', newest: 24, forms: ['live'], unbreakable: 'procMount' },
] as const)('Kubernetes $version', ({ version, newest, forms, unbreakable }) => {
  let cluster: ControlPlane;
  let admission: Admission;
  beforeAll(async () => {
    cluster = await startControlPlane({ version });
    await prepare(cluster, policiesUpTo(newest), admitted);
    admission = new Admission(cluster);
  });
  afterAll(() => cluster?.stop());

  /** What each of ours says of a pod, as a live one and as a manifest, where it differs from what the server says. */
  function differences(server: string[], policy: Policy, live: RawPod, manifest: RawPod) {
    const byForm = { live, manifest };
    const ours = forms.flatMap((form) => {
      const workload = projected(byForm[form]);
      return [
        { who: `kit, ${form}`, says: kit(workload, policy), exact: form === 'live' },
        { who: `checks, ${form}`, says: profile(workload, policy), exact: false },
      ];
    });
    const wrong = ours.filter(({ says, exact }) =>
      exact ? says.join() !== server.join() : withoutTwice(live, says) !== withoutTwice(live, server),
    );
    return Object.fromEntries(wrong.map(({ who, says }) => [who, says]));
  }

  const comparePod: Comparison<RawPod> = async ({ subject, policies }) => {
    const live = await admission.stored(subject);
    if (live === undefined) return undefined;
    return Promise.all(
      policies.map(async (policy) => {
        const server = await admission.rejects(subject, policy);
        return { policy, server, differing: differences(server, policy, live, subject) };
      }),
    );
  };

  const comparedOf = (share: number) => Math.ceil(wanted * share);

  test('pods', { timeout: 900_000 }, async () => {
    const count = comparedOf(version === '1.37' ? 1 : 0.2);
    const result = await compareAll(`pods on ${version}`, trialsOf(pods, newest), comparePod, count);
    expect(result.compared).toBeGreaterThanOrEqual(count);
    // Pods of which nearly all were admitted, or rejected, would tell little.
    expect(result.rejections).toBeGreaterThan(result.verdicts / 5);
    expect(result.rejections).toBeLessThan((result.verdicts * 4) / 5);
  });

  // A new pod may not have them; they are added to one that stands.
  test('ephemeral containers', { timeout: 900_000 }, async () => {
    const compare: Comparison<JsonObject[]> = async ({ subject, policies }) => {
      const live = await admission.storedWith(subject);
      if (live === undefined) return undefined;
      return Promise.all(
        policies.map(async (policy) => {
          const server = await admission.rejectsWith(subject, policy);
          return { policy, server, differing: differences(server, policy, live, live) };
        }),
      );
    };
    const count = comparedOf(0.1);
    const trials = trialsOf(debugContainers, newest);
    const result = await compareAll(`ephemeral containers on ${version}`, trials, compare, count);
    expect(result.compared).toBeGreaterThanOrEqual(count);
  });

  test('pods that were kept, and each name that a rule lists, in every version', async () => {
    const seen = new Set<string>();
    for (const subject of [...kept, ...eachName]) {
      const verdicts = await comparePod({ subject, policies: policiesUpTo(newest) });
      for (const { policy, server, differing } of verdicts ?? []) {
        const what = { subject, policy: nameOf(policy) };
        expect({ ...what, ...differing }).toEqual(what);
        for (const reason of server) seen.add(reason);
      }
    }
    // Every control that the server has by then is broken by one of them.
    expect([...seen].toSorted()).toEqual(reasonsUpTo(newest).filter((reason) => reason !== unbreakable));
  });
});
