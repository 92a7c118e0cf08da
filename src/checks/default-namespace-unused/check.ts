import { clusterCheck, type Problem } from '../../kit/define-check.ts';
import { refTitle } from '../../kit/titles.ts';
import { templatesInUse } from '../../kit/workloads.ts';
import { templateSources, type KubeObject, type ObjectRef, type Platform } from '../../model.ts';

/** Of live Pods what they belong to, by its title; a generated Pod goes by what its name was generated from. */
type Found = Map<string, { object: KubeObject; generateName?: string }>;

const namespace = 'default';

/** The Services that the platform itself keeps there. */
const ownServices = (platform: Platform): readonly string[] =>
  platform === 'openshift' ? ['kubernetes', 'openshift'] : ['kubernetes'];

export const defaultNamespaceUnused = clusterCheck({
  id: 'default-namespace-unused',
  title: 'Default namespace holds no workloads',
  severity: 'low',
  onNothing: 'pass',
  needs: ['namespaces', 'services', ...templateSources],
  pods: {
    start: (): Found => new Map(),
    add(found, { metadata }, owner) {
      if (owner.namespace !== namespace || found.has(refTitle(owner))) return;
      const { generateName } = metadata;
      const isBare = owner.kind === 'Pod' && generateName !== undefined;
      found.set(refTitle(owner), { object: objectOf(owner), ...(isBare ? { generateName } : {}) });
    },
  },
  test({ namespaces, services, ...templates }, { platform, pods }) {
    const found: Found = new Map(pods);
    for (const { template, owner } of templatesInUse(templates)) {
      const isOwn = template.metadata.controller === undefined;
      if (owner.namespace === namespace)
        found.set(refTitle(owner), { object: isOwn ? template : objectOf(owner) });
    }
    const own = ownServices(platform);
    for (const service of services.filter(({ metadata }) => metadata.namespace === namespace)) {
      const { name } = service.metadata;
      if (!own.includes(name)) found.set(`Service ${namespace}/${name}`, { object: service });
    }
    const objects = [...found.values()];
    return {
      evaluated: [
        ...namespaces.filter(({ metadata }) => metadata.name === namespace),
        ...objects.map(({ object }) => object),
      ],
      problems: objects.map(({ object, generateName }) => ({
        object,
        field: [],
        message: `The ${object.kind} is in the namespace ${namespace}, where rights, quotas and policies hold for everything that named no other.`,
        ...(generateName === undefined ? {} : { identity: ['', 'Pod', namespace, generateName] }),
        fix,
      })),
    };
  },
});

const fix: NonNullable<Problem['fix']> = {
  action: 'none',
  risk: 'advice',
  note: 'An object cannot be moved: make it anew in a namespace of its own, let its clients follow, then delete this one.',
};

/** What stands for a controller that is not listed. */
const objectOf = ({ apiVersion, kind, ...metadata }: ObjectRef): KubeObject => ({
  apiVersion,
  kind,
  metadata,
});
