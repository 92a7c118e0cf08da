import { changeTo } from '../../kit/field.ts';
import { pspCheck, type PolicyFault } from '../../kit/psp/psp-check.ts';
import type { PodSecurityPolicy } from '../../model.ts';

/** Types of volumes that reach neither the node nor another machine but by an object of the cluster. */
const harmless = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

const field = ['spec', 'volumes'];

export const pspVolumes = pspCheck({
  id: 'psp-volumes',
  title: 'PodSecurityPolicy limits volumes',
  severity: 'medium',
  faults(policy) {
    const { volumes = [] } = policy.spec;
    const allowsAll = volumes.includes('*');
    if (!allowsAll && !volumes.includes('hostPath')) return [];
    const isLimited = limitsPaths(policy);
    const writable = isLimited ? writablePaths(policy) : [];
    if (!allowsAll && isLimited) return writable;
    const kept = allowsAll ? [...harmless, ...(isLimited ? ['hostPath'] : [])] : volumes.filter(isOther);
    return [
      {
        field,
        what: `volumes allows ${allowsAll ? 'every type' : 'hostPath'}${isLimited ? '' : ', of any path of the node'}`,
        severity: isLimited ? 'medium' : 'high',
        changes: [changeTo(policy, field, kept.length === 0 ? undefined : kept)],
      },
      ...writable,
    ];
  },
});

const isOther = (type: string): boolean => type !== 'hostPath';

/** Without a list every path is allowed, and with `/` in it no less. */
const limitsPaths = ({ spec: { allowedHostPaths = [] } }: PodSecurityPolicy): boolean =>
  allowedHostPaths.length > 0 && allowedHostPaths.every(({ pathPrefix }) => !/^\/*$/.test(pathPrefix ?? ''));

/** A container that may write can leave the prefix by a symbolic link. */
const writablePaths = (policy: PodSecurityPolicy): PolicyFault[] =>
  (policy.spec.allowedHostPaths ?? []).flatMap(({ pathPrefix = '', readOnly }, index) => {
    if (readOnly === true) return [];
    const path = ['spec', 'allowedHostPaths', { index, where: { pathPrefix } }, 'readOnly'];
    return [
      {
        field: path,
        what: `allowedHostPaths lets Pods write below ${pathPrefix} of the node`,
        severity: 'high',
        changes: [changeTo(policy, path, true)],
      },
    ];
  });
