/**
 * kit/psp against the PodSecurityPolicy plugin of a real API server, pod by pod: who may use which policy, what each admits
 * and fills in, and which is chosen. PSP_PODS says how many random pods are compared, and from 2,000 on every value of a
 * setting instead of a share. TEST_SEED repeats a run.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sources } from '../../src/collect/sources.ts';
import { skipReason } from '../control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from '../servers/control-plane.ts';
import { seed } from '../seed.ts';
import { pods } from './psp-cases.ts';
import { filledIn, singleTrials, trials, users, World, type Trial } from './psp.ts';

const wanted = Number(process.env['PSP_PODS'] ?? 200);
const out = new URL('../../out/', import.meta.url);
const skip = skipReason('1.24', { controllerManager: true });

interface Comparison {
  server: string;
  kit: string;
  /** Whether the policy had to change the Pod. */
  changed: boolean;
  /** The Pod as it was made, where both have one. */
  filled?: { server: object; kit: object };
}

describe.skipIf(skip)('PodSecurityPolicy on Kubernetes 1.24', () => {
  let cluster: ControlPlane;
  let world: World;
  beforeAll(async () => {
    cluster = await startControlPlane({
      version: '1.24',
      controllerManager: true,
      enableAdmissionPlugins: ['PodSecurityPolicy'],
      users,
    });
    world = new World(cluster);
    await world.fill(seed, Math.max(40, Math.ceil(wanted / 50)));
  }, 300_000);
  afterAll(() => cluster?.stop());

  /** Undefined where the API takes no such Pod, whatever policies say. */
  async function compare(trial: Trial): Promise<Comparison | undefined> {
    if (!(await world.isValid(trial))) return undefined;
    const answer = await world.server(trial);
    const { admitting, usable } = world.kit(trial);
    const [first] = admitting;
    const isRefused = !('policy' in answer) || first === undefined;
    return {
      server: 'policy' in answer ? answer.policy : 'none',
      kit: first?.policy ?? 'none',
      changed: usable.length > 0 && first?.changed === true,
      ...(isRefused
        ? {}
        : {
            filled: {
              server: filledIn(sources.pods.project(answer.pod)),
              kit: filledIn({ podSpec: first.pod.spec, podAnnotations: { ...first.pod.annotations } }),
            },
          }),
    };
  }

  const isDisagreement = (compared: Comparison | undefined): boolean =>
    compared !== undefined &&
    (compared.server !== compared.kit ||
      JSON.stringify(compared.filled?.server) !== JSON.stringify(compared.filled?.kit));

  /** How each trial went; those of Pods that are none are left out. */
  async function compareAll(all: Iterator<[number, Trial]>, enough = Infinity) {
    const compared: Comparison[] = [];
    let invalid = 0;
    let disagreeing = Infinity;
    const worker = async () => {
      while (compared.length < enough && disagreeing === Infinity) {
        const { value, done } = all.next();
        if (done) return;
        const [index, trial] = value;
        const comparison = await compare(trial);
        if (comparison === undefined) invalid += 1;
        else compared.push(comparison);
        if (isDisagreement(comparison)) disagreeing = Math.min(disagreeing, index);
      }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    const admitted = compared.filter(({ kit }) => kit !== 'none');
    return {
      disagreeing,
      counts: {
        compared: compared.length,
        invalid,
        refused: compared.length - admitted.length,
        admittedAsIs: admitted.filter(({ changed }) => !changed).length,
        admittedChanged: admitted.filter(({ changed }) => changed).length,
        policiesChosen: new Set(admitted.map(({ kit }) => kit)).size,
      },
    };
  }

  async function explain(trial: Trial): Promise<string> {
    const { usable, refusing } = world.kit(trial);
    const report = {
      seed,
      ...(await compare(trial)),
      answer: await world.server(trial),
      trial,
      usable: usable.map(({ metadata: { name }, annotations, spec }) => ({ name, annotations, spec })),
      refused: Object.fromEntries(refusing.map(({ policy, objections }) => [policy, objections])),
    };
    const text = JSON.stringify(report, null, 1);
    mkdirSync(out, { recursive: true });
    writeFileSync(new URL('psp-disagreement.json', out), `${text}\n`);
    return `Disagreement with the API server (also in out/psp-disagreement.json):\n${text}`;
  }

  /** The same trial with the Pod made as small as it gets. */
  async function smaller(index: number): Promise<Trial | undefined> {
    const arbitrary = trials(pods);
    const property = fc.asyncProperty(arbitrary, async (trial) => !isDisagreement(await compare(trial)));
    const { counterexample } = await fc.check(property, { seed, path: String(index), numRuns: 1 });
    return counterexample?.[0];
  }

  test('random pods', { timeout: 1_800_000 }, async () => {
    const drawn = fc.sample(trials(pods), { seed, numRuns: 2 * wanted });
    const { counts, disagreeing } = await compareAll(drawn.entries(), wanted);
    const failing = drawn[disagreeing];
    if (failing !== undefined) throw new Error(await explain((await smaller(disagreeing)) ?? failing));
    console.log(`PodSecurityPolicy, random pods, seed ${seed}`, counts);
    expect(counts.compared).toBeGreaterThanOrEqual(wanted);
    for (const each of [counts.refused, counts.admittedAsIs, counts.admittedChanged]) {
      expect(each).toBeGreaterThan(wanted / 50);
    }
  });

  test('each value of a setting', { timeout: 1_800_000 }, async () => {
    const step = Math.max(1, Math.round(2000 / wanted));
    const share = singleTrials.filter((_, i) => i % step === seed % step);
    const { counts, disagreeing } = await compareAll(share.entries());
    const failing = share[disagreeing];
    if (failing !== undefined) throw new Error(await explain(failing));
    console.log(`PodSecurityPolicy, each value of a setting, seed ${seed}`, counts);
    expect(counts.compared).toBeGreaterThan(share.length / 2);
    expect(counts.refused).toBeGreaterThan(share.length / 20);
  });
});
