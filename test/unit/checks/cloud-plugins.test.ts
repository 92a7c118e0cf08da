/** The network plugins: which are known, and what is enough to say that policies are enforced. */
import { describe, expect, test } from 'vitest';
import { cniSupportsNetpol } from '../../../src/checks/cni-supports-netpol/check.ts';
import { cniVersionCurrent } from '../../../src/checks/cni-version-current/check.ts';
import { netpolEngineEnabled } from '../../../src/checks/netpol-engine-enabled/check.ts';
import { projectObject } from '../../../src/collect/files.ts';
import type { Check } from '../../../src/kit/define-check.ts';
import type { JsonObject, Platform } from '../../../src/model.ts';
import { collectionOf } from '../collection.ts';
import { node } from './cloud.ts';
import { evaluate, type Raw } from './fixtures.ts';

describe('network plugins', () => {
  const agent = (
    name: string,
    image: string,
    more: { args?: string[]; namespace?: string; status?: JsonObject } = {},
  ) => ({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name, namespace: more.namespace ?? 'kube-system' },
    spec: {
      template: {
        spec: { hostNetwork: true, containers: [{ name: 'agent', image, args: more.args ?? [] }] },
      },
    },
    ...(more.status === undefined ? {} : { status: more.status }),
  });
  const nodes = [node('', {}, 'a'), node('', {}, 'b')];
  const statusOf = async (check: Check, platform: Platform, ...objects: Raw[]) =>
    (await evaluate(check, [...nodes, ...objects], {}, platform)).status;

  test.each([
    ['calico-node', 'quay.io/calico/node:v3.31.2', 'pass'],
    ['calico-node', 'mcr.microsoft.com/oss/calico/node:v3.29.4', 'pass'],
    ['rke2-canal', 'rancher/hardened-calico:v3.30.3-build20251001', 'pass'],
    ['cilium', 'quay.io/cilium/cilium:v1.18.4@sha256:0', 'pass'],
    ['anetd', 'gke.gcr.io/whatever:1', 'pass'],
    ['antrea-agent', 'antrea/antrea-agent-ubuntu:v2.4.1', 'pass'],
    ['kube-router', 'cloudnativelabs/kube-router:v2.6.1', 'pass'],
    ['azure-npm', 'mcr.microsoft.com/containernetworking/azure-npm:v1.6.29', 'pass'],
    ['kindnet', 'docker.io/kindest/kindnetd:v20240813-c6f155d6', 'pass'],
    ['kindnet', 'docker.io/kindest/kindnetd:v20240513-cd2ac642', 'fail'],
    ['weave-net', 'weaveworks/weave-npc:2.8.1', 'manual'],
    ['kube-flannel-ds', 'docker.io/flannel/flannel:v0.27.4', 'fail'],
    ['kube-flannel-ds', 'rancher/mirrored-flannelcni-flannel:v0.20.2', 'fail'],
    ['aws-node', '1.dkr.ecr.eu-west-1.amazonaws.com/amazon-k8s-cni:v1.12.6', 'fail'],
    ['azure-cns', 'mcr.microsoft.com/containernetworking/azure-cns:v1.6.29', 'manual'],
    ['cilium-envoy', 'quay.io/cilium/cilium-envoy:v1.35.6', 'manual'],
    ['node-exporter', 'quay.io/prometheus/node-exporter:v1.10.2', 'manual'],
  ])('%s of %s: %s', async (name, image, status) => {
    expect(await statusOf(cniSupportsNetpol, 'kubernetes', agent(name, image))).toBe(status);
  });

  const agentImage = '1.dkr.ecr.eu-west-1.amazonaws.com/amazon/aws-network-policy-agent:v1.2.7';
  test.each([
    [['--enable-network-policy=true'], 'pass'],
    [['--enable-network-policy'], 'pass'],
    [['--enable-network-policy=false'], 'fail'],
    [['--enable-network-policy=true', '--enable-network-policy=false'], 'fail'],
    [['--enable-network-policy-logs=true'], 'fail'],
    [[], 'fail'],
  ])('the agent of EKS with %j: %s', async (args, status) => {
    expect(await statusOf(netpolEngineEnabled, 'eks', agent('aws-node', agentImage, { args }))).toBe(status);
  });

  test('the engine of the provider is asked for where providers have one', async () => {
    const calico = agent('calico-node', 'quay.io/calico/node:v3.31.2', { namespace: 'calico-system' });
    expect(await statusOf(netpolEngineEnabled, 'aks', calico)).toBe('pass');
    expect(await statusOf(netpolEngineEnabled, 'aks')).toBe('manual');
    expect(await statusOf(netpolEngineEnabled, 'gke', calico)).toBe('not-applicable');
    expect(await statusOf(cniVersionCurrent, 'gke', calico)).toBe('not-applicable');
  });

  test('a name counts in a namespace of the platform alone, and an image wherever it is', async () => {
    const other = agent('cilium', 'registry.example/agent:1', { namespace: 'shop' });
    expect(await statusOf(cniSupportsNetpol, 'kubernetes', other)).toBe('manual');
  });

  test.each([
    [{ desiredNumberScheduled: 2, numberReady: 2 }, 'pass', undefined],
    [{ desiredNumberScheduled: 2, numberReady: 1 }, 'manual', 'Calico is ready on 1 of 2 nodes.'],
    [
      { desiredNumberScheduled: 1, numberReady: 1 },
      'manual',
      'Calico runs on 1 of 2 nodes: on the others nothing enforces NetworkPolicies.',
    ],
    [
      { desiredNumberScheduled: 0, numberReady: 0 },
      'fail',
      'Calico enforces NetworkPolicies and runs on no node.',
    ],
  ])('an agent with %j: %s', async (status, expected, message) => {
    const calico = agent('calico-node', 'quay.io/calico/node:v3.31.2', { status });
    const result = await evaluate(cniSupportsNetpol, [...nodes, calico]);
    expect([result.status, result.findings[0]?.message]).toEqual([expected, message]);
  });

  test.each<[string, Check, Raw[], string]>([
    [
      'the plugins and their versions',
      cniSupportsNetpol,
      [agent('azure-cns', 'mcr.microsoft.com/containernetworking/azure-cns:v1.6.29')],
      'Network plugins: Azure CNI v1.6.29 (kube-system/azure-cns).',
    ],
    ['what k3s has built in', cniSupportsNetpol, [node('k3s://a')], 'This is k3s'],
    [
      'that nothing was found',
      cniVersionCurrent,
      [],
      'No DaemonSet of a network plugin that is known was found.',
    ],
    [
      'what is archived',
      cniVersionCurrent,
      [agent('weave-net', 'weaveworks/weave-npc:2.8.1')],
      'Weave Net: Its project is archived',
    ],
  ])('the evidence says %s', (_, check, objects, sentence) => {
    if (check.shape !== 'cluster') throw new Error(check.id);
    const held = Map.groupBy(
      objects.flatMap((raw) => projectObject(raw) ?? []),
      ({ source }) => source,
    );
    const of = (source: 'daemonSets' | 'nodes') => (held.get(source) ?? []).map(({ object }) => object);
    const collection = collectionOf({ daemonSets: of('daemonSets'), nodes: of('nodes') });
    const { evidence } = check.test(collection.held, { minor: 37, platform: 'aks', pods: undefined });
    expect(evidence).toContain(sentence);
  });
});
