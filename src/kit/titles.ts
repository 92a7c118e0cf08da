/** How sentences name objects. */
import type { KubeObject, ObjectRef } from '../model.ts';

/** `shop/ops`, or `ops` of a cluster-scoped object. */
export const qualifiedName = ({ metadata: { namespace, name } }: KubeObject): string =>
  namespace === undefined ? name : `${namespace}/${name}`;

/** `RoleBinding shop/ops`, `ClusterRoleBinding ops`. */
export const objectTitle = (object: KubeObject): string => `${object.kind} ${qualifiedName(object)}`;

/** The same of a reference: `Deployment shop/web`. */
export const refTitle = ({ kind, namespace, name }: ObjectRef): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;

/** `a, b, c and 4 more`. */
export const someOf = (names: readonly string[], most = 3): string =>
  names.length <= most
    ? names.join(', ')
    : `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
