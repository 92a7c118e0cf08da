import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Finding, Report } from '../../src/model.ts';
import { parseMail } from '../servers/smtp-server.ts';

const out = mkdtempSync(join(tmpdir(), 'passmuster-demo-'));
const read = (file: string): string => readFileSync(join(out, file), 'utf8');
let demo: { code: number; stdout: string; stderr: string; seconds: number };
let report: Report;

beforeAll(async () => {
  const started = performance.now();
  const child = spawn(process.execPath, ['scripts/demo.ts', '--out', out]);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  demo = { code: code as number, stdout, stderr, seconds: (performance.now() - started) / 1000 };
  if (demo.code !== 0) throw new Error(`the demo failed\n${demo.stdout}${demo.stderr}`);
  report = JSON.parse(read('report.json')) as Report;
});
afterAll(() => rmSync(out, { recursive: true, force: true }));

/** `Kind namespace/name`, with the container where there is one. */
const named = ({ object, container }: Finding): string =>
  [
    object.kind,
    object.namespace === undefined ? object.name : `${object.namespace}/${object.name}`,
    container,
  ]
    .filter((part) => part !== undefined)
    .join(' ');
const check = (id: string) => report.checks.find((each) => each.id === id);
const findings = (id: string, state = 'open'): string[] =>
  (check(id)?.findings ?? []).filter((each) => each.state === state).map(named);

// Alone it takes a third of 15 seconds; here all other tests run beside it on the same cores.
test('it says what it did and where the files are, quickly', () => {
  for (const file of ['report.html', 'mail.eml', 'report.json']) expect(demo.stdout).toContain(file);
  expect(demo.stdout).toMatch(/host-network/);
  expect(demo.seconds).toBeLessThan(45);
});

test('the sample cluster is an AKS cluster, and the pods of payments are unread', () => {
  expect(report.cluster).toMatchObject({ name: 'orchard', platform: 'aks', version: 'v1.31.4' });
  const pods = report.sources.find(({ source }) => source === 'pods');
  expect(pods).toMatchObject({ state: 'partial', unreadNamespaces: ['payments'] });
  expect(report.sources.find(({ source }) => source === 'podSecurityPolicies')).toMatchObject({
    state: 'absent',
  });
  expect(report.benchmarks[0]).toMatchObject({ id: expect.stringMatching(/^cis-aks-/) });
});

test.each<[string, string[]]>([
  ['host-ipc', ['Deployment payments/fraud-scoring']],
  ['host-pid', ['DaemonSet monitoring/node-exporter', 'Pod ci/node-shell']],
  [
    'host-network',
    [
      'DaemonSet kube-system/csi-azuredisk-node',
      'DaemonSet kube-system/kube-proxy',
      'DaemonSet monitoring/node-exporter',
      'Pod ci/node-shell',
    ],
  ],
  ['host-ports', ['Deployment ci/registry-mirror registry']],
  [
    'privileged',
    [
      'DaemonSet kube-system/csi-azuredisk-node azuredisk',
      'DaemonSet kube-system/kube-proxy kube-proxy',
      'Deployment ci/image-builder buildkit',
      'Deployment shop/checkout packet-trace',
      'Pod ci/node-shell shell',
      'StatefulSet ci/runner dind',
      'StatefulSet shop/search sysctl',
    ],
  ],
  [
    'run-as-root',
    [
      'CronJob shop/sitemap sitemap',
      'DaemonSet kube-system/azure-cns cns',
      'DaemonSet kube-system/csi-azuredisk-node azuredisk',
      'DaemonSet kube-system/csi-azuredisk-node liveness-probe',
      'DaemonSet kube-system/kube-proxy kube-proxy',
      'DaemonSet monitoring/log-shipper fluent-bit',
      'Deployment ci/image-builder buildkit',
      'Deployment shop/checkout packet-trace',
      'Deployment shop/recommendations model',
      'Pod ci/node-shell shell',
      'StatefulSet ci/runner dind',
      'StatefulSet shop/search sysctl',
    ],
  ],
])('%s finds exactly what examples/ holds, and is incomplete', (id, expected) => {
  expect(findings(id).toSorted()).toEqual(expected);
  expect(check(id)).toMatchObject({
    status: 'fail',
    incomplete: true,
    reason: expect.stringContaining('payments'),
  });
});

test('default-deny-ingress and cluster-admin-usage were read completely', () => {
  expect(findings('default-deny-ingress').toSorted()).toEqual([
    'Namespace ci',
    'Namespace default',
    'Namespace monitoring',
  ]);
  expect(findings('cluster-admin-usage').toSorted()).toEqual([
    'ClusterRoleBinding <img src=x onerror=alert(1)>\u202eweiv',
    'ClusterRoleBinding ci-deployer',
    'ClusterRoleBinding platform-engineers',
    'RoleBinding ci/builds-may-do-anything',
  ]);
  expect(check('default-deny-ingress')).not.toHaveProperty('incomplete', true);
  expect(check('psp-host-namespaces')).toMatchObject({ status: 'not-applicable', findings: [] });
});

test('the injected sidecar is reported on the Deployment as drift', () => {
  const sidecar = check('privileged')?.findings.find(({ container }) => container === 'packet-trace');
  expect(sidecar).toMatchObject({
    object: { kind: 'Deployment', namespace: 'shop', name: 'checkout' },
    drift: { pods: 1, example: 'checkout-traced' },
  });
});

test('the exemption holds and says why', () => {
  expect(findings('host-network', 'exempt')).toEqual(['DaemonSet kube-system/azure-cns']);
  expect(report.exemptionNotes ?? []).toEqual([]);
});

test('the mail carries the report, and no output the hostile name as it is', async () => {
  const mail = await parseMail(read('mail.eml'));
  expect(mail.to).toEqual([expect.objectContaining({ address: 'platform@orchard.example' })]);
  expect(mail.subject).toContain('orchard');
  expect(mail.attachments).not.toEqual([]);
  for (const shown of [mail.text ?? '', mail.html ?? '', read('report.html'), demo.stdout]) {
    expect(shown).toContain('privileged');
    expect(shown).not.toContain('\u202e');
  }
  for (const html of [mail.html ?? '', read('report.html')]) expect(html).not.toContain('<img src=x');
});

test('the mail has commands for the worst objects, with the way back', async () => {
  const mail = await parseMail(read('mail.eml'));
  for (const object of ['statefulset.apps/search -n shop', 'deployment.apps/image-builder -n ci'])
    expect(mail.text?.split(`kubectl patch ${object} --type=json -p "$patch"`)).toHaveLength(4);
  expect(mail.text).toContain('kubectl replace --force -f pod-ci-node-shell.json');
  expect(mail.text).not.toContain('too long for a mail');
});
