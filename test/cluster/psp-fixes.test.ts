/** The fixes of the checks over PodSecurityPolicies are taken by a real API server, and their backouts restore the policy. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checks } from '../../src/checks/index.ts';
import { planFor } from '../../src/kit/plan.ts';
import type { Finding } from '../../src/model.ts';
import { skipReason } from '../control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from '../servers/control-plane.ts';
import { evaluate, expectedOf, fixturesOf, isAbout, type Raw } from '../unit/checks/fixtures.ts';

const cases = checks
  .filter(({ shape, id }) => shape === 'object' && id.startsWith('psp-'))
  .flatMap((check) =>
    fixturesOf(check.id).flatMap(({ objects }) =>
      objects.filter((raw) => expectedOf(raw) !== undefined).map((raw) => ({ check, objects, raw })),
    ),
  )
  .map((one) => ({ ...one, title: `${one.check.id} ${one.raw.metadata.name}` }));

const idsOf = (findings: readonly Finding[]) => findings.map(({ id }) => id);

const skip = skipReason('1.24');

describe.skipIf(skip)('on Kubernetes 1.24', () => {
  let cluster: ControlPlane;
  beforeAll(async () => {
    cluster = await startControlPlane({ version: '1.24' });
  }, 120_000);
  afterAll(() => cluster?.stop());

  const kubectl = async (args: string[], input?: object) => {
    const { code, stdout, stderr } = await cluster.kubectl(args, { input: JSON.stringify(input) });
    expect([args[0], code, code === 0 ? '' : stderr]).toEqual([args[0], 0, '']);
    return stdout;
  };

  test.each(cases)('$title', async ({ check, objects, raw }) => {
    const live = JSON.parse(await kubectl(['create', '-f', '-', '-o', 'json'], raw)) as Raw;
    const findings = async (now: Raw) => {
      const all = objects.map((object) => (object === raw ? now : object));
      return (await evaluate(check, all)).findings.filter(({ object }) => isAbout(object, raw));
    };
    const found = await findings(live);
    expect(found.length).toBeGreaterThan(0);
    // One by one, for a person may do one and not another; then all that the object needs.
    const alone = found.length === 1 ? [] : found.map((finding) => [finding]);
    for (const fixed of [...alone, found]) {
      const { patch, inverse } = planFor(fixed.map(({ fix }) => fix));
      const apply = async (operations: unknown) =>
        JSON.parse(
          await kubectl([
            'patch',
            'podsecuritypolicy',
            raw.metadata.name,
            '--type=json',
            '-o=json',
            `-p=${JSON.stringify(operations)}`,
          ]),
        ) as Raw;
      const left = idsOf(await findings(await apply(patch)));
      expect(left.filter((id) => idsOf(fixed).includes(id))).toEqual([]);
      expect((await apply(inverse))['spec']).toEqual(live['spec']);
    }
    await kubectl(['delete', 'podsecuritypolicy', raw.metadata.name]);
  });
});
