import type { PolicyRule } from '../../model.ts';

/** A question as the API server's authorizer asks it. A missing name is a request for no single object. */
export type Request = ResourceRequest | NonResourceRequest;

export interface ResourceRequest {
  verb: string;
  apiGroup: string;
  resource: string;
  subresource?: string;
  name?: string;
  /** Missing for cluster-scoped resources, and for a question about all namespaces. */
  namespace?: string;
}

export interface NonResourceRequest {
  verb: string;
  path: string;
}

/** Whether a rule allows a request, as the API server's RBAC authorizer decides it (`RuleAllows`). */
export function ruleAllows(rule: PolicyRule, request: Request): boolean {
  if (!includes(rule.verbs, request.verb)) return false;
  if ('path' in request) return coversPath(rule, request.path);
  const { apiGroup, resource, subresource = '', name = '' } = request;
  return (
    includes(rule.apiGroups, apiGroup) && coversResource(rule, resource, subresource) && isForName(rule, name)
  );
}

/** Whether a rule allows every verb on every resource of every API group. */
export const allowsEverything = ({ verbs, apiGroups, resources, resourceNames = [] }: PolicyRule): boolean =>
  [verbs, apiGroups, resources].every((values) => values?.includes('*')) && resourceNames.length === 0;

const includes = (values: readonly string[] = [], wanted: string): boolean =>
  values.includes('*') || values.includes(wanted);

/** `pods` does not cover `pods/exec`; `pods/*` covers nothing but a subresource of that name. */
function coversResource({ resources }: PolicyRule, resource: string, subresource: string): boolean {
  if (subresource === '') return includes(resources, resource);
  return includes(resources, `${resource}/${subresource}`) || includes(resources, `*/${subresource}`);
}

/** A request for no single object has no name, which a rule for names does not cover. */
const isForName = ({ resourceNames = [] }: PolicyRule, name: string): boolean =>
  resourceNames.length === 0 || resourceNames.includes(name);

/** Every star at the end goes, and what is left is a prefix. */
const coversPath = ({ nonResourceURLs = [] }: PolicyRule, path: string): boolean =>
  nonResourceURLs.some((url) => url === path || (url.endsWith('*') && path.startsWith(withoutStars(url))));

/** By hand: a regular expression would begin anew at each of the stars, and a role may have a million. */
function withoutStars(url: string): string {
  let end = url.length;
  while (url[end - 1] === '*') end -= 1;
  return url.slice(0, end);
}
