import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { collectFiles } from '../../../src/collect/files.ts';
import { dotted, misplacedFields } from '../../../src/collect/misplaced.ts';
import { checkFolders, fixturesOf } from '../checks/fixtures.ts';

const of = (raw: Record<string, unknown>, kind = 'Pod') =>
  misplacedFields(raw, kind).map(({ path, what }) => [
    dotted(path),
    /(?:belongs at|Did you mean) (.*)[.?]$/.exec(what)?.[1],
  ]);

const pod = (spec: object) => ({ spec: { containers: [{ name: 'app' }], ...spec } });

describe('where a setting belongs', () => {
  test.each<[string, Record<string, unknown>, string, string]>([
    [
      'hostIPC in the security context',
      pod({ securityContext: { hostIPC: false } }),
      'spec.securityContext.hostIPC',
      'spec.hostIPC',
    ],
    [
      'a security context beside the spec',
      { ...pod({}), securityContext: { runAsNonRoot: true } },
      'securityContext',
      'spec.securityContext',
    ],
    ...['readOnlyRootFilesystem', 'allowPrivilegeEscalation', 'privileged', 'capabilities'].map(
      (field): [string, Record<string, unknown>, string, string] => [
        `${field} of the Pod`,
        pod({ securityContext: { [field]: false } }),
        `spec.securityContext.${field}`,
        `spec.containers[].securityContext.${field}`,
      ],
    ),
    ['a user of the Pod', pod({ runAsUser: 1000 }), 'spec.runAsUser', 'spec.securityContext.runAsUser'],
    [
      'a setting of a container outside its security context',
      pod({ initContainers: [{ name: 'setup' }, { name: 'app', privileged: false }] }),
      'spec.initContainers[1].privileged',
      'spec.initContainers[1].securityContext.privileged',
    ],
    [
      'a user of a container outside its security context',
      pod({ containers: [{ name: 'app', runAsUser: 1000 }] }),
      'spec.containers[0].runAsUser',
      'spec.containers[0].securityContext.runAsUser',
    ],
    [
      'a setting of the Pod in a container',
      pod({ containers: [{ name: 'app', hostPID: false }] }),
      'spec.containers[0].hostPID',
      'spec.hostPID',
    ],
    [
      'a group of the Pod in a container',
      pod({ containers: [{ name: 'app', securityContext: { fsGroup: 1 } }] }),
      'spec.containers[0].securityContext.fsGroup',
      'spec.securityContext.fsGroup',
    ],
  ])('%s', (_, raw, path, home) => {
    expect(of(raw)).toEqual([[path, home]]);
  });

  test('in the metadata of a template', () => {
    const template = { metadata: { name: 'a', hostIPC: false }, spec: { containers: [] } };
    expect(of({ metadata: { privileged: false }, spec: { template } }, 'Deployment')).toEqual([
      ['metadata.privileged', 'spec.template.spec.containers[].securityContext.privileged'],
      ['spec.template.metadata.hostIPC', 'spec.template.spec.hostIPC'],
    ]);
  });

  test('in a template, and around it', () => {
    const template = { spec: { securityContext: { hostNetwork: false }, containers: [] } };
    expect(of({ spec: { securityContext: {}, template } }, 'Deployment')).toEqual([
      ['spec.securityContext', 'spec.template.spec.securityContext'],
      ['spec.template.spec.securityContext.hostNetwork', 'spec.template.spec.hostNetwork'],
    ]);
    expect(of({ spec: { jobTemplate: { spec: { hostPID: false, template } } } }, 'CronJob')).toEqual([
      ['spec.jobTemplate.spec.hostPID', 'spec.jobTemplate.spec.template.spec.hostPID'],
      [
        'spec.jobTemplate.spec.template.spec.securityContext.hostNetwork',
        'spec.jobTemplate.spec.template.spec.hostNetwork',
      ],
    ]);
  });
});

describe('fields that do not exist', () => {
  test.each([
    ['a slip of the pen', pod({ hostIpc: false }), 'spec.hostIpc', 'spec.hostIPC'],
    [
      'one that is misplaced too',
      pod({ securityContext: { hostIpc: false } }),
      'spec.securityContext.hostIpc',
      'spec.hostIPC',
    ],
    [
      'one in a container',
      pod({ containers: [{ securityContexts: {} }] }),
      'spec.containers[0].securityContexts',
      'spec.containers[0].securityContext',
    ],
    [
      'anything unknown in a security context',
      pod({ securityContext: { toString: 1 } }),
      'spec.securityContext.toString',
      undefined,
    ],
    [
      'capabilities in capitals',
      pod({ containers: [{ securityContext: { capabilities: { Drop: ['ALL'], add: [] } } }] }),
      'spec.containers[0].securityContext.capabilities.Drop',
      'spec.containers[0].securityContext.capabilities.drop',
    ],
    [
      'the type of a profile in capitals',
      pod({ securityContext: { seccompProfile: { Type: 'RuntimeDefault' } } }),
      'spec.securityContext.seccompProfile.Type',
      'spec.securityContext.seccompProfile.type',
    ],
    [
      'anything unknown in the options of SELinux',
      pod({ securityContext: { seLinuxOptions: { constructor: 1, level: 's0' } } }),
      'spec.securityContext.seLinuxOptions.constructor',
      undefined,
    ],
  ])('%s', (_, raw, path, meant) => {
    expect(of(raw)).toEqual([[path, meant]]);
  });

  test('other members of pod specs and containers are left to the API server', () => {
    expect(
      of(pod({ priority: 1, hostname: 'a', somethingNew: {}, containers: [{ args: [], x: 1 }] })),
    ).toEqual([]);
  });
});

test('what sets nothing, and other kinds, are left alone', () => {
  expect(of(pod({ securityContext: { hostIPC: null } }))).toEqual([]);
  expect(of({ spec: 'text' })).toEqual([]);
  expect(of({ spec: { securityContext: {} } }, 'Certificate')).toEqual([]);
});

test('nothing is said of manifests that the API server takes as they are', () => {
  const objects = checkFolders.flatMap(fixturesOf).flatMap((fixture) => fixture.objects);
  expect(objects.length).toBeGreaterThan(20);
  expect(objects.flatMap((raw) => misplacedFields(raw, raw.kind))).toEqual([]);
});

describe('the warnings of a collection', () => {
  const folder = mkdtempSync(join(tmpdir(), 'passmuster-misplaced-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const collect = (name: string, text: string, namespaces?: string[]) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return collectFiles([file], namespaces ? { namespaces } : {});
  };
  const yaml = `apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Pod
    metadata: { name: web, namespace: shop }
    spec:
      securityContext:
        hostIPC: false
      containers: [{ name: app, image: i }]
`;

  test('name file, line, object, field and where it belongs', async () => {
    const { warnings } = await collect('web.yaml', yaml);
    expect(warnings).toEqual([
      `${folder}/web.yaml:9:18: Pod shop/web: spec.securityContext.hostIPC has no effect: Kubernetes has no such field there. It belongs at spec.hostIPC.`,
    ]);
  });

  test('are of the namespaces in scope, and absent where there are none', async () => {
    const other = yaml.replace('shop', 'other').replace(/ {6}securityContext:\n.*\n/, '');
    expect(await collect('shop.yaml', `${yaml}---\n${other}`, ['other'])).not.toHaveProperty('warnings');
    expect((await collect('both.yaml', `${yaml}---\n${other}`)).warnings).toHaveLength(1);
  });

  test('name the file alone where its lines are not known', async () => {
    const json = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web' },
      ...pod({ hostIpc: true }),
    });
    expect((await collect('web.json', json)).warnings).toEqual([
      `${folder}/web.json: Pod default/web: spec.hostIpc has no effect: Kubernetes has no such field. Did you mean spec.hostIPC?`,
    ]);
  });
});
