import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gitVersion, skipReason } from '../control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from '../servers/control-plane.ts';

const pod = (name: string, namespace: string, securityContext: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace },
  spec: { containers: [{ name: 'app', image: 'example/app', securityContext }] },
});

const list = (...items: object[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

/** The `gitVersion` that a server reports at /version. */
async function servedVersion(plane: ControlPlane): Promise<string> {
  const { text } = await plane.request('GET', '/version');
  return (JSON.parse(text) as { gitVersion: string }).gitVersion;
}

/** How the server answers for the second page of a list, before and after a compaction. */
async function pageStatusRoundCompaction(plane: ControlPlane): Promise<number[]> {
  const { text } = await plane.request('GET', '/api/v1/namespaces?limit=1');
  const token = (JSON.parse(text) as { metadata: { continue: string } }).metadata.continue;
  const secondPage = `/api/v1/namespaces?limit=1&continue=${token}`;
  const before = await plane.request('GET', secondPage);
  await plane.compact();
  const after = await plane.request('GET', secondPage);
  return [before.status, after.status];
}

/** The server processes that a process started and that still run. */
function serverProcesses(parent: number | undefined): string[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'ppid=,comm='], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => new RegExp(`^ *${parent} +.*(etcd|kube-)`).test(line));
}

const withoutControllers = skipReason('1.37', { controllerManager: true });

describe.skipIf(skipReason('1.37'))('a control plane of 1.37 without controller-manager', () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await startControlPlane({
      users: [{ name: 'nobody-special' }, { name: 'reader', groups: ['readers'] }],
    });
  }, 120_000);
  afterAll(() => plane?.stop());

  it('denies a user without a binding and serves one with', async () => {
    const apiGroup = 'rbac.authorization.k8s.io';
    const metadata = { name: 'pod-readers' };
    await plane.apply(
      list(
        {
          apiVersion: `${apiGroup}/v1`,
          kind: 'ClusterRole',
          metadata,
          rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }],
        },
        {
          apiVersion: `${apiGroup}/v1`,
          kind: 'ClusterRoleBinding',
          metadata,
          roleRef: { apiGroup, kind: 'ClusterRole', name: metadata.name },
          subjects: [{ apiGroup, kind: 'Group', name: 'readers' }],
        },
      ),
    );
    const statusFor = async (user: string) =>
      (await plane.request('GET', '/api/v1/pods', { token: plane.tokenOf(user) })).status;
    // A new binding counts as soon as the API server's authorizer has seen it, moments later.
    await expect.poll(() => statusFor('reader')).toBe(200);
    expect(await statusFor('nobody-special')).toBe(403);

    const kubeconfig = plane.kubeconfigFor({ token: plane.tokenOf('nobody-special') });
    const denied = { code: 1, stderr: expect.stringContaining('User "nobody-special" cannot list') };
    expect(await plane.kubectl(['get', 'pods'], { kubeconfig })).toMatchObject(denied);
    expect(await plane.kubectl(['get', 'pods'], { as: 'nobody-special' })).toMatchObject(denied);
  });

  it('keeps pods of a new namespace as they are written', async () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
    await plane.apply(list(namespace, pod('web', 'shop', { privileged: true })));
    const { text } = await plane.request('GET', '/api/v1/namespaces/shop/pods/web');
    expect(JSON.parse(text)).toMatchObject({
      spec: { containers: [{ securityContext: { privileged: true } }] },
      status: { phase: 'Pending' },
    });
  });

  it('knows a service account by its token', async () => {
    await plane.apply(
      list({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot', namespace: 'default' } }),
    );
    const kubeconfig = plane.kubeconfigFor({ token: await plane.serviceAccountToken('default', 'robot') });
    const { stdout } = await plane.kubectl(['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'], {
      kubeconfig,
    });
    expect(stdout).toBe('system:serviceaccount:default:robot');
  });
});

describe.skipIf(skipReason('1.24'))('a control plane of 1.24 with PodSecurityPolicy', () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await startControlPlane({ version: '1.24', enableAdmissionPlugins: ['PodSecurityPolicy'] });
  }, 120_000);
  afterAll(() => plane?.stop());

  it('reports its version', async () => {
    expect(await servedVersion(plane)).toBe(gitVersion('1.24'));
  });

  it('admits what a policy allows and rejects the rest', async () => {
    const anything = { rule: 'RunAsAny' };
    const spec = {
      privileged: false,
      runAsUser: anything,
      seLinux: anything,
      fsGroup: anything,
      volumes: ['*'],
    };
    await plane.apply(
      list({
        apiVersion: 'policy/v1beta1',
        kind: 'PodSecurityPolicy',
        metadata: { name: 'unprivileged' },
        spec: { ...spec, supplementalGroups: anything },
      }),
    );
    // A new policy counts as soon as the admission plugin has seen it, moments later.
    const plain = () => plane.apply(list(pod('plain', 'default'))).then(() => 'admitted', String);
    await expect.poll(plain, { timeout: 10_000 }).toBe('admitted');
    await expect(plane.apply(list(pod('privileged', 'default', { privileged: true })))).rejects.toThrow(
      'Privileged containers are not allowed',
    );
  });

  it('answers 410 to a page that a compaction has passed', async () => {
    expect(await pageStatusRoundCompaction(plane)).toEqual([200, 410]);
  });
});

describe.skipIf(withoutControllers)('a control plane of 1.37 with controller-manager', () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await startControlPlane({
      controllerManager: true,
      apiServerArgs: ['--feature-gates=ListFromCacheSnapshot=false'],
    });
  }, 120_000);
  afterAll(() => plane?.stop());

  it('reports its version', async () => {
    expect(await servedVersion(plane)).toBe(gitVersion('1.37'));
  });

  it('makes the pods of a Deployment', async () => {
    const labels = { app: 'web' };
    await plane.apply(
      list(
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'web', namespace: 'shop' },
          spec: {
            replicas: 2,
            selector: { matchLabels: labels },
            template: { metadata: { labels }, spec: pod('web', 'shop').spec },
          },
        },
      ),
    );
    const pods = async () => {
      const { text } = await plane.request('GET', '/api/v1/namespaces/shop/pods');
      return (JSON.parse(text) as { items: object[] }).items;
    };
    await expect.poll(pods, { timeout: 20_000 }).toHaveLength(2);
    expect((await pods())[0]).toMatchObject({
      metadata: { ownerReferences: [{ kind: 'ReplicaSet', controller: true }] },
      spec: { serviceAccountName: 'default' },
    });
  });

  it('answers 410 to a page that a compaction has passed', async () => {
    expect(await pageStatusRoundCompaction(plane)).toEqual([200, 410]);
  });
});

describe.skipIf(skipReason('1.37'))('the end of a control plane', () => {
  it('leaves no process and no data', async () => {
    const plane = await startControlPlane();
    expect(serverProcesses(process.pid)).toHaveLength(2);
    await plane.stop();
    await plane.stop();
    expect(serverProcesses(process.pid)).toEqual([]);
    expect(existsSync(dirname(plane.kubeconfig))).toBe(false);
  });

  it('shows the log of a server that refuses to start', async () => {
    await expect(startControlPlane({ apiServerArgs: ['--no-such-flag'] })).rejects.toThrow(
      /kube-apiserver[^]*unknown flag: --no-such-flag/,
    );
    expect(serverProcesses(process.pid)).toEqual([]);
  });

  it('comes with the end of the command that started it', async () => {
    const command = spawn(process.execPath, [join(import.meta.dirname, '../servers/control-plane.ts')]);
    const [printed] = (await once(command.stdout, 'data')) as [Buffer];
    const kubeconfig = /^export KUBECONFIG=(\S+)$/m.exec(printed.toString())?.[1] ?? '';
    expect(existsSync(kubeconfig)).toBe(true);
    expect(serverProcesses(command.pid)).toHaveLength(2);

    command.kill('SIGINT');
    expect(await once(command, 'exit')).toEqual([null, 'SIGINT']);
    expect(existsSync(dirname(kubeconfig))).toBe(false);
  });
});
