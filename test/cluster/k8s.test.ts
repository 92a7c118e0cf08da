import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anyKind } from '../../src/collect/definition.ts';
import { sources } from '../../src/collect/sources.ts';
import type { JsonObject, PolicyRule, Report } from '../../src/model.ts';
import { skipReason } from '../control-plane/binaries.ts';
import { startControlPlane, type ControlPlane } from '../servers/control-plane.ts';

const root = join(import.meta.dirname, '../..');
const overlays = ['k8s', 'k8s/overlays/schedule'];

describe.skipIf(skipReason('1.37'))('the manifests of k8s/', () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await startControlPlane();
    await plane.apply(manifestOf(await rendered('k8s'), 'Namespace'));
  });
  afterAll(() => plane?.stop());

  /** What kustomize makes of a folder. */
  async function rendered(folder: string): Promise<string> {
    const { stdout, stderr, code } = await plane.kubectl(['kustomize', join(root, folder)]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    return stdout;
  }

  const dryRun = (manifest: string) =>
    plane.kubectl(['apply', '--dry-run=server', '-f', '-'], { input: manifest });

  it.each(overlays)('%s renders and the API server takes it without a warning', async (folder) => {
    const manifest = await rendered(folder);
    const { stdout, stderr, code } = await dryRun(manifest);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(objectsOf(manifest).length);
  });

  it.each(overlays)(
    '%s makes Pods that the restricted standard of their namespace admits',
    async (folder) => {
      const { stderr, code } = await dryRun(podOf(await rendered(folder), (spec) => spec));
      expect(stderr).toBe('');
      expect(code).toBe(0);
    },
  );

  it('runs the schedule in the same Pod as the CronJob, but for its command', async () => {
    const [job, schedule] = await Promise.all(
      overlays.map(async (folder) => templateOf(await rendered(folder)).spec),
    );
    expect(withoutCommand(schedule ?? {})).toEqual(withoutCommand(job ?? {}));
  });

  it('can be built on as docs/operations.md says', async () => {
    const page = readFileSync(join(root, 'docs/operations.md'), 'utf8');
    const yamlBlocks = [...page.matchAll(/^ *```yaml\n([^]*?)```/gm)].map(
      ([, text = '']) => parse(text) as JsonObject,
    );
    const folder = mkdtempSync(join(tmpdir(), 'passmuster-own-'));
    try {
      const own = Object.assign({}, ...yamlBlocks, {
        resources: [relative(realpathSync(folder), join(root, 'k8s'))],
      });
      writeFileSync(join(folder, 'kustomization.yaml'), JSON.stringify(own));
      writeFileSync(join(folder, 'config.yaml'), 'mine: true\n');
      const { stdout, stderr } = await plane.kubectl(['kustomize', folder]);
      expect(stderr).toBe('');
      expect(stdout).toContain('image: registry.example/tools/passmuster:0.1.0');
      expect(stdout).toContain('timeZone: Europe/Berlin');
      expect(stdout).toContain('mine: true');
      expect(stdout).not.toContain('smtp.example.com');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('has a namespace that refuses a Pod with less', async () => {
    const lax = podOf(await rendered('k8s'), (spec) => ({ ...spec, hostNetwork: true }));
    const { stderr, code } = await dryRun(lax);
    expect(stderr).toContain('violates PodSecurity "restricted:latest"');
    expect(code).toBe(1);
  });

  it.each(overlays)('%s gives Passmuster nothing to object to', async (folder) => {
    const args = [join(root, 'src/cli/main.ts'), 'scan', '-f', '-', '-o', 'json', '--quiet'];
    const { stdout, stderr, status } = spawnSync(process.execPath, args, {
      input: await rendered(folder),
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const { checks } = JSON.parse(stdout) as Report;
    expect(checks.flatMap(({ findings }) => findings.map(({ message }) => message))).toEqual([]);
    const passed = checks.filter(({ status: verdict }) => verdict === 'pass').map(({ id }) => id);
    expect(passed).toEqual(
      expect.arrayContaining(['default-deny-ingress', 'host-network', 'privileged', 'run-as-root']),
    );
  });

  describe('the ClusterRole', () => {
    const user = 'system:serviceaccount:passmuster:passmuster';
    const allSources = Object.entries(sources).map(([source, { apiVersion, resource, kind }]) => {
      const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
      return { source, group, resource, kind };
    });
    const sourceList = allSources.filter(({ kind }) => kind !== anyKind);

    beforeAll(async () => {
      const manifest = await rendered('k8s');
      for (const kind of ['ClusterRole', 'ClusterRoleBinding', 'ServiceAccount']) {
        await plane.apply(manifestOf(manifest, kind));
      }
    });

    /** What the API server would let the service account do, in every namespace. */
    async function allowed(verb: string, group: string, resource: string): Promise<boolean> {
      const [name = '', subresource] = resource.split('/');
      const { text } = await plane.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
        body: {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SubjectAccessReview',
          spec: {
            user,
            groups: ['system:serviceaccounts', 'system:serviceaccounts:passmuster', 'system:authenticated'],
            resourceAttributes: { verb, group, resource: name, ...(subresource ? { subresource } : {}) },
          },
        },
      });
      return (JSON.parse(text) as { status: { allowed: boolean } }).status.allowed;
    }

    it('names exactly the sources, to get and list', async () => {
      const { stdout } = await plane.kubectl(['get', 'clusterrole', 'passmuster', '-o', 'json']);
      const { rules } = JSON.parse(stdout) as { rules: PolicyRule[] };
      const granted = rules.flatMap(({ apiGroups = [], resources = [], verbs, ...more }) => {
        expect(verbs).toEqual(['get', 'list']);
        expect(more).toEqual({});
        return apiGroups.flatMap((group) => resources.map((resource) => `${group}/${resource}`));
      });
      const read = sourceList.map(({ group, resource }) => `${group}/${resource}`);
      expect(granted.toSorted()).toEqual(read.toSorted());
    });

    it('is explained in docs/operations.md', () => {
      const page = readFileSync(join(root, 'docs/operations.md'), 'utf8');
      const explained = [...page.matchAll(/^\| (`[^|]+)\|/gm)].flatMap(
        ([, cell = '']) => cell.match(/[a-z]+/g) ?? [],
      );
      // Calico has a kind of the same name as Kubernetes.
      const read = new Set(sourceList.map(({ resource }) => resource));
      expect(explained.toSorted()).toEqual([...read].toSorted());
    });

    it.each(sourceList)('lets its service account list $source', async ({ group, resource }) => {
      expect(await allowed('list', group, resource)).toBe(true);
    });

    it.each([
      ['get', '', 'secrets'],
      ['list', '', 'secrets'],
      ['list', '', 'configmaps'],
      ['create', '', 'pods/exec'],
      ['get', '', 'pods/log'],
      ['get', '', 'nodes/proxy'],
      ['create', '', 'serviceaccounts/token'],
      ['create', '', 'pods'],
      ['delete', '', 'pods'],
      ['patch', 'apps', 'deployments'],
      ['escalate', 'rbac.authorization.k8s.io', 'clusterroles'],
      ['impersonate', '', 'users'],
      ['*', '*', '*'],
    ])('does not let it %s %s/%s', async (verb, group, resource) => {
      expect(await allowed(verb, group, resource)).toBe(false);
    });

    it('reads the constraints of Gatekeeper with the component for it, and not without', async () => {
      const constraint = ['list', 'constraints.gatekeeper.sh', 'k8srequiredlabels'] as const;
      expect(await allowed(...constraint)).toBe(false);
      await plane.apply(await rendered('k8s/components/gatekeeper'));
      await expect.poll(() => allowed(...constraint)).toBe(true);
      expect(await allowed('create', 'constraints.gatekeeper.sh', 'k8srequiredlabels')).toBe(false);
    });

    it('opens discovery and the lists to the token of the service account, and no Secret', async () => {
      const token = await plane.serviceAccountToken('passmuster', 'passmuster');
      const status = async (path: string) => (await plane.request('GET', path, { token })).status;
      expect(await status('/apis')).toBe(200);
      expect(await status('/version')).toBe(200);
      expect(await status('/api/v1/pods?limit=500')).toBe(200);
      expect(await status('/api/v1/secrets')).toBe(403);
    });
  });
});

const objectsOf = (manifest: string): JsonObject[] =>
  parseAllDocuments(manifest).map((document) => document.toJS() as JsonObject);

function manifestOf(manifest: string, kind: string): string {
  const found = objectsOf(manifest).filter((object) => object['kind'] === kind);
  expect(found).toHaveLength(1);
  return JSON.stringify(found[0]);
}

interface Template {
  metadata: { labels: Record<string, string> };
  spec: JsonObject;
}

/** The Pod template of the CronJob or the Deployment. */
function templateOf(manifest: string): Template {
  const templates = objectsOf(manifest).flatMap((object) => {
    const spec = object['spec'] as
      { template?: Template; jobTemplate?: { spec: { template: Template } } } | undefined;
    return spec?.template ?? spec?.jobTemplate?.spec.template ?? [];
  });
  const [template] = templates;
  if (template === undefined || templates.length > 1) throw new Error('expected one workload');
  return template;
}

/** The Pod spec without what differs between a run on schedule and the scheduler. */
function withoutCommand(spec: JsonObject): JsonObject {
  const copy = structuredClone(spec) as {
    restartPolicy?: string;
    containers: { args?: string[]; env?: unknown[] }[];
  };
  delete copy.restartPolicy;
  for (const container of copy.containers) {
    expect(container.args?.pop()).toBe('--config=/etc/passmuster/config.yaml');
    expect(container.args?.pop()).toMatch(/^(send|schedule)$/);
    delete container.env;
  }
  return copy as unknown as JsonObject;
}

/** A Pod as it would be made of the template. */
function podOf(manifest: string, change: (spec: JsonObject) => JsonObject): string {
  const { metadata, spec } = templateOf(manifest);
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, name: 'made-of-the-template', namespace: 'passmuster' },
    spec: change(spec),
  });
}
