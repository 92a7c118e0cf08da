/** What can reach what: the effective NetworkPolicies of a cluster. */
export { covers } from './network/blocks.ts';
export { podClasses, type PodClass, type PodClasses } from './network/classes.ts';
export {
  endpointOf,
  namespaceLabels,
  type AddressEndpoint,
  type Endpoint,
  type PodEndpoint,
} from './network/endpoints.ts';
export { reachMatrix, type Openness, type ReachMatrix } from './network/matrix.ts';
export { deniesAll, policiesByNamespace, type Direction, type Policy } from './network/policies.ts';
export { allPorts, hasPort, isAllPorts, type PortSet } from './network/ports.ts';
export {
  isolating,
  matches,
  reach,
  type PoliciesByNamespace,
  type Reach,
  type Side,
} from './network/reach.ts';
