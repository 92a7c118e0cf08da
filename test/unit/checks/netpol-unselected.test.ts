/** Whose Pods no policy selects: what is one finding, and what it says. */
import { describe, expect, test } from 'vitest';
import type { Json } from '../../../src/model.ts';
import { evaluate, type Raw } from './fixtures.ts';
import { checkOf, findings, namespace, pod, policy } from './netpol.ts';

describe('pod-unselected-by-netpol', () => {
  const id = 'pod-unselected-by-netpol';

  test('makes one finding of two hundred alike, which one policy puts right', async () => {
    const pods = Array.from({ length: 200 }, (_, i) => pod(`shop/p${i}`, { app: `a${i}` }));
    const objects = [namespace('shop'), ...pods];
    const [finding, ...more] = await findings(id, objects);
    expect(more).toEqual([]);
    expect(finding?.members).toHaveLength(200);
    expect(finding?.members?.[0]?.object).toEqual(finding?.object);
    expect(finding?.message).toMatch(
      /200 workloads for ingress or egress.*Pod p0 \(app=a0\).* and 197 more\.$/,
    );
    expect(finding?.members?.[42]?.message).toBe(
      `No NetworkPolicy selects its Pods for ingress or egress, so everything may connect to them, and they to everything: Pod ${finding?.members?.[42]?.object.name} (app=${finding?.members?.[42]?.object.name.replace('p', 'a')}).`,
    );
    const targets = finding?.members?.map(({ fix }) => JSON.stringify(fix)) ?? [];
    expect(new Set(targets).size).toBe(1);
    expect(finding?.fix.target).toMatchObject({
      kind: 'NetworkPolicy',
      namespace: 'shop',
      name: 'passmuster-isolate',
    });
    expect(await findings(id, [...objects, finding?.fix.manifest as Raw])).toEqual([]);
    const { counts } = await evaluate(checkOf(id), objects);
    expect(counts).toMatchObject({ evaluated: 200, passed: 0, failed: 200 });
  });

  test.each<[string, Json[], string, string[]]>([
    [
      'ingress',
      [{ podSelector: {}, policyTypes: ['Egress'], egress: [{}] }],
      'passmuster-isolate-ingress',
      ['Ingress'],
    ],
    ['egress', [{ podSelector: {} }], 'passmuster-isolate-egress', ['Egress']],
    ['ingress or egress', [], 'passmuster-isolate', ['Ingress', 'Egress']],
  ])('names the labels and what is missing: %s', async (gap, specs, name, policyTypes) => {
    const policies = specs.map((spec, i) => policy(`shop/p${i}`, spec));
    const [finding, ...more] = await findings(id, [
      namespace('shop'),
      pod('shop/web', { tier: 'front', app: 'web' }),
      ...policies,
    ]);
    expect(more).toEqual([]);
    expect(finding?.message).toContain(`for ${gap}, so `);
    expect(finding?.message).toContain('Pod web (app=web, tier=front)');
    expect(finding?.fix.manifest).toMatchObject({
      metadata: { name, namespace: 'shop' },
      spec: { policyTypes },
    });
  });

  test('counts a workload once, by its template and by its Pods', async () => {
    const labels = { app: 'web' };
    const template = {
      metadata: { labels },
      spec: { containers: [{ name: 'app', image: 'registry.example/app:1' }] },
    };
    const owned = (name: string, kind: string, uid: string) => ({
      metadata: {
        name,
        ownerReferences: [{ apiVersion: 'apps/v1', kind, name: 'web', uid, controller: true }],
      },
    });
    const deployment: Raw = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'shop', uid: 'd' },
      spec: { selector: { matchLabels: labels }, template },
    };
    const replicaSet: Raw = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { namespace: 'shop', uid: 'r', ...owned('web-1', 'Deployment', 'd').metadata },
      spec: { replicas: 2, selector: { matchLabels: labels }, template },
    };
    const live = ['web-1-a', 'web-1-b'].map((name) =>
      pod(`shop/${name}`, { ...labels, 'pod-template-hash': '1' }, owned(name, 'ReplicaSet', 'r')),
    );
    const custom = pod('shop/job-0', { run: '0' }, owned('job-0', 'Workflow', 'gone'));
    const [finding] = await findings(id, [namespace('shop'), deployment, replicaSet, ...live, custom]);
    expect(finding?.members?.map(({ object }) => `${object.kind} ${object.name}`)).toEqual([
      'Deployment web',
      'Workflow web',
    ]);
    expect(finding?.message).toContain('Deployment web (app=web)');
  });

  test('keeps its identity when the next one comes along', async () => {
    const one = [namespace('shop'), pod('shop/web')];
    const [before] = await findings(id, one);
    const [after] = await findings(id, [...one, pod('shop/api')]);
    expect(after?.id).toBe(before?.id);
  });
});
