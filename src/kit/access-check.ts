import { severities, type PolicyRule, type Severity } from '../model.ts';
import { clusterCheck, type Check } from './define-check.ts';
import { grantProblems, type Fault } from './grant-problems.ts';
import {
  grantsOf,
  identityOf,
  isBuiltIn,
  isForNamespaces,
  joinBindings,
  rbacSources,
  ruleAllows,
  subjectTitle,
  type Grant,
  type ResourceRequest,
} from './rbac.ts';

/** Something that can be done: any of the verbs on any of the resources. */
export interface Access {
  verbs: string[];
  apiGroups: string[];
  /** As rules write them: `pods`, `pods/exec`, `nodes/proxy`. */
  resources: string[];
  /** Words for the message, after `may`: `read Secrets`. */
  what?: string;
  /** A grant that gives only this is no worse than that. */
  atMost?: Severity;
  /** Means nothing from this minor version of the API server on. */
  before?: number;
}

export interface AccessCheck {
  id: string;
  title: string;
  severity: Severity;
  /** Any of them is a finding. */
  accesses: readonly Access[];
  /** Only who holds all of them is, by one grant or by several. */
  all?: boolean;
  /** The names of bindings that may give it, as far as the cluster itself made them. */
  expected: readonly string[];
  /** Of a grant that is limited by resourceNames no severity worse than this. */
  whenNamed?: Severity;
}

/** An access that a grant gives; with the names, if it gives it only for these. */
interface Holding {
  access: Access;
  names: readonly string[];
}
type Holder = { grant: Grant; holdings: readonly Holding[] };

/** A check over who may do something: every grant of it that the cluster did not make itself is a finding. */
export const accessCheck = ({ id, title, severity, whenNamed, ...definition }: AccessCheck): Check =>
  clusterCheck({
    id,
    title,
    severity,
    onNothing: 'pass',
    needs: rbacSources,
    test(held, { minor }) {
      const accesses = definition.accesses.filter(({ before = Infinity }) => minor < before);
      const holders = holdersOf(grantsOf(held), { ...definition, accesses });
      const judged = definition.all === true ? holdersOfAll(holders, accesses) : holders;
      const faults = judged.map((holder) => faultOf(holder, { ...definition, accesses }, whenNamed));
      return {
        evaluated: joinBindings(held).map(({ binding }) => binding),
        problems: grantProblems(faults, severity),
      };
    },
  });

type Definition = Pick<AccessCheck, 'accesses' | 'all' | 'expected'>;

/** Roles are held by many: what the rules of one give is found out once. */
function holdersOf(grants: readonly Grant[], { accesses, expected }: Definition): Holder[] {
  const known = new Map<boolean, Map<readonly PolicyRule[], Holding[]>>([
    [true, new Map()],
    [false, new Map()],
  ]);
  return grants.flatMap((grant) => {
    if (expected.includes(grant.binding.metadata.name) && isBuiltIn(grant)) return [];
    const inNamespace = grant.namespace !== undefined;
    const byRules = known.get(inNamespace);
    const holdings =
      byRules?.get(grant.rules) ?? accesses.flatMap((access) => holdingOf(grant.rules, access, inNamespace));
    byRules?.set(grant.rules, holdings);
    return holdings.length === 0 ? [] : [{ grant, holdings }];
  });
}

function holdingOf(rules: readonly PolicyRule[], access: Access, inNamespace: boolean): Holding[] {
  const requests = requestsOf(access).filter((request) => !inNamespace || isForNamespaces(request));
  const giving = rules.filter((rule) => {
    const [name = ''] = rule.resourceNames ?? [];
    return requests.some((request) => ruleAllows(rule, { ...request, name }));
  });
  if (giving.length === 0) return [];
  const isLimited = giving.every(({ resourceNames = [] }) => resourceNames.length > 0);
  const names = isLimited ? giving.flatMap(({ resourceNames = [] }) => resourceNames) : [];
  return [{ access, names: [...new Set(names)].toSorted() }];
}

const requestsOf = ({ verbs, apiGroups, resources }: Access): ResourceRequest[] =>
  verbs.flatMap((verb) =>
    apiGroups.flatMap((apiGroup) =>
      resources.map((written) => {
        const [resource = '', subresource = ''] = written.split('/');
        return { verb, apiGroup, resource, subresource };
      }),
    ),
  );

/** Those who hold all accesses in the scope of the grant, some of them perhaps by other grants or by a group of everyone. */
function holdersOfAll(holders: readonly Holder[], accesses: readonly Access[]): Holder[] {
  const bySubject = Map.groupBy(holders, ({ grant }) => subjectTitle(grant.subject));
  return holders.filter(({ grant: { subject, namespace } }) => {
    const groups = identityOf(subject).groups.map((group) => `Group ${group}`);
    const own = [...new Set([subjectTitle(subject), ...groups])]
      .flatMap((title) => bySubject.get(title) ?? [])
      .filter(({ grant }) => grant.namespace === undefined || grant.namespace === namespace)
      .flatMap(({ holdings }) => holdings.map(({ access }) => access));
    return accesses.every((access) => own.includes(access));
  });
}

function faultOf(
  { grant, holdings }: Holder,
  { accesses, all = false }: Definition,
  whenNamed: Severity | undefined,
): Fault {
  const held = new Set(holdings.map(({ access }) => access));
  const others = all ? accesses.filter((access) => !held.has(access)) : [];
  const atMost = capOf(holdings, all, whenNamed);
  return {
    grant,
    what: listed(holdings.map(wordsOf)),
    key: JSON.stringify(holdings.map(({ access, names }) => [access.verbs, access.resources, names])),
    ...(others.length === 0
      ? {}
      : {
          also: `By another grant it may ${listed(others.map((access) => wordsOf({ access, names: [] })))}.`,
        }),
    ...(atMost === undefined ? {} : { atMost }),
  };
}

/** Of accesses that each are enough the worst counts, of those that it takes all of the narrowest. */
function capOf(
  holdings: readonly Holding[],
  all: boolean,
  whenNamed: Severity | undefined,
): Severity | undefined {
  const caps = holdings.map(({ access, names }) => (names.length > 0 ? whenNamed : access.atMost));
  const known = severities.filter((severity) => caps.includes(severity));
  return all ? known.at(-1) : caps.includes(undefined) ? undefined : known[0];
}

const namesShown = 3;

function wordsOf({ access: { verbs, resources, what }, names }: Holding): string {
  const words = what ?? `${verbs.join('/')} ${resources.join(', ')}`;
  if (names.length === 0) return words;
  const more = names.length > namesShown ? `, and ${names.length - namesShown} more` : '';
  return `${words} (only ${names.slice(0, namesShown).join(', ')}${more})`;
}

/** `a`, `a and b`, `a, b and c`, each once. */
function listed(words: readonly string[]): string {
  const each = [...new Set(words)];
  const last = each.pop() ?? '';
  return each.length === 0 ? last : `${each.join(', ')} and ${last}`;
}
