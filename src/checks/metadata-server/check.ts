import { clusterCheck } from '../../kit/define-check.ts';
import { hasMetadataServer } from '../../kit/network/metadata.ts';
import type { Node } from '../../model.ts';

export const metadataServer = clusterCheck({
  id: 'metadata-server',
  title: 'GKE metadata server fronts node identity',
  severity: 'medium',
  onNothing: 'not-applicable',
  platforms: ['gke'],
  needs: ['nodes'],
  test({ nodes }) {
    const pools = Map.groupBy(nodes.toSorted(byName), poolOf);
    return {
      evaluated: nodes,
      problems: [...pools].flatMap(([pool, ofPool]) => {
        const bare = ofPool.filter((node) => !hasMetadataServer(node));
        const [object] = bare;
        if (object === undefined) return [];
        const which = pool === '' ? 'no node pool' : `node pool ${pool}`;
        return [
          {
            object,
            field: [],
            identity: ['node-pool', pool],
            message: `${bare.length} of ${ofPool.length} nodes of ${which} do not run the metadata server of GKE: every Pod there can get the credentials of the node.`,
            members: bare.map((node) => ({ object: node, field: [], fix })),
            fix,
          },
        ];
      }),
    };
  },
});

const fix = {
  action: 'none',
  risk: 'advice',
  note: 'It is a setting of the node pool, and changing it makes its nodes anew; see the plan. Pods that work with the identity of the node need one of their own first.',
} as const;

const poolOf = ({ metadata }: Node): string => metadata.labels?.['cloud.google.com/gke-nodepool'] ?? '';

const byName = (a: Node, b: Node): number => (a.metadata.name < b.metadata.name ? -1 : 1);
