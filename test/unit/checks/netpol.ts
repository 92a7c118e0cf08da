/** What the tests of the checks over NetworkPolicies share. */
import { checks } from '../../../src/checks/index.ts';
import type { Finding, Json, JsonObject, Platform } from '../../../src/model.ts';
import { evaluate, type Raw } from './fixtures.ts';

export const ids = [
  'netpol-per-namespace',
  'default-deny-ingress',
  'default-deny-egress',
  'pod-unselected-by-netpol',
  'namespace-isolation',
] as const;
export type Id = (typeof ids)[number];

export function checkOf(id: Id) {
  const found = checks.find((check) => check.id === id);
  if (found === undefined) throw new Error(`no check ${id}`);
  return found;
}

export const findings = async (id: Id, objects: Raw[], platform?: Platform): Promise<Finding[]> =>
  (await evaluate(checkOf(id), objects, {}, platform)).findings;

export const namespace = (name: string): Raw => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

export const pod = (
  title: string,
  labels: JsonObject = {},
  rest: { metadata?: JsonObject; spec?: JsonObject } = {},
): Raw => {
  const [of = '', name = ''] = title.split('/');
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: of, labels, ...rest.metadata },
    spec: { containers: [{ name: 'app', image: 'registry.example/app:1' }], ...rest.spec },
  };
};

export const policy = (title: string, spec: Json): Raw => {
  const [of = '', name = ''] = title.split('/');
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: of },
    spec,
  };
};

export const denyAll = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };
