import { expect, test } from 'vitest';
import { platformOf } from '../../../src/collect/discovery.ts';
import type { Node, Platform } from '../../../src/model.ts';

const node = (label: string): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n', labels: { [label]: 'x' } },
});

test.each<[Platform, { label?: string; groups?: string[]; version?: string; server?: string }]>([
  ['kubernetes', {}],
  [
    'kubernetes',
    { label: 'kubernetes.io/os', groups: ['apps/v1'], server: 'https://azmk8s.io.evil.example' },
  ],
  ['aks', { label: 'kubernetes.azure.com/cluster' }],
  ['aks', { server: 'https://a-b.hcp.westeurope.azmk8s.io:443' }],
  ['eks', { label: 'eks.amazonaws.com/nodegroup' }],
  ['eks', { version: 'v1.33.1-eks-595af52' }],
  ['eks', { server: 'https://ABC.gr7.eu-west-1.eks.amazonaws.com' }],
  ['gke', { label: 'cloud.google.com/gke-nodepool' }],
  ['gke', { version: 'v1.33.1-gke.1584000' }],
  ['openshift', { groups: ['config.openshift.io/v1'], label: 'kubernetes.azure.com/cluster' }],
])('%s by %o', (platform, { label, groups = [], version = 'v1.33.1', server = 'https://127.0.0.1:6443' }) => {
  const nodes = label === undefined ? [] : [node(label)];
  expect(platformOf({ nodes, discovery: { version, groupVersions: new Set(groups) }, server })).toBe(
    platform,
  );
});
