import { clusterCheck, type Problem } from '../../kit/define-check.ts';
import { changeTo } from '../../kit/field.ts';
import { grantProblems } from '../../kit/grant-problems.ts';
import { grantsOf, isBuiltIn, rbacSources, type Grant } from '../../kit/rbac.ts';
import { accountNameOf, automount, requestedTokens } from '../../kit/service-accounts.ts';
import { objectTitle, someOf } from '../../kit/titles.ts';
import { templatesInUse } from '../../kit/workloads.ts';
import { templateSources, type ObjectRef, type ServiceAccount, type Workload } from '../../model.ts';

/** Workloads that run as the `default` account of a namespace, and whether their Pods get a token: undefined where the account decides. */
type Users = Map<string, Map<string, boolean | undefined>>;

const member = 'automountServiceAccountToken';
const defaultName = 'default';

export const defaultSaUnused = clusterCheck({
  id: 'default-sa-unused',
  title: 'Default service accounts carry no rights',
  severity: 'medium',
  onNothing: 'not-applicable',
  needs: ['serviceAccounts', ...rbacSources, ...templateSources],
  pods: { start: (): Users => new Map(), add: addUser },
  test(held, { pods }) {
    const users: Users = new Map([...pods].map(([namespace, known]) => [namespace, new Map(known)]));
    for (const { template, owner } of templatesInUse(held)) addUser(users, template, owner);
    const accounts = held.serviceAccounts.filter(({ metadata }) => metadata.name === defaultName);
    const grants = grantsOf(held).filter((grant) => !isBuiltIn(grant));
    const own = grants.filter(
      ({ subject }) => subject.kind === 'ServiceAccount' && subject.name === defaultName,
    );
    return {
      evaluated: [...accounts, ...new Set(own.map(({ binding }) => binding))],
      problems: [
        ...accounts.flatMap((account) => problemsOf(account, users, grants)),
        ...grantProblems(own.map(faultOf), 'medium'),
      ],
    };
  },
});

const faultOf = (grant: Grant) => {
  const { kind, name } = grant.binding.roleRef;
  return {
    grant,
    what: `do what ${kind} ${name} allows`,
    also: 'Every Pod of the namespace that names no account runs as this one.',
  };
};

function addUser(users: Users, { podSpec, kind, metadata }: Workload, owner: ObjectRef): void {
  const { namespace = '' } = owner;
  if (podSpec === undefined || accountNameOf(podSpec) !== defaultName) return;
  const live = kind === 'Pod' && metadata.uid !== undefined;
  const gets = requestedTokens(podSpec).length > 0 || automount(podSpec, live);
  const known = users.get(namespace) ?? new Map<string, boolean | undefined>();
  users.set(namespace, known);
  // One Pod with a token is enough, whatever the others say.
  const title = `${owner.kind} ${owner.name}`;
  if (gets !== false || !known.has(title)) known.set(title, known.get(title) === true ? true : gets);
}

function problemsOf(
  account: ServiceAccount,
  users: Users,
  grants: readonly Grant[],
): (Problem & { object: ServiceAccount })[] {
  const { namespace = '' } = account.metadata;
  const isOpen = account[member] !== false;
  const holders = [...(users.get(namespace) ?? [])]
    .filter(([, gets]) => gets ?? isOpen)
    .map(([title]) => title)
    .toSorted();
  if (holders.length === 0 && !isOpen) return [];

  const isUsed = holders.length > 0;
  const message = [
    isUsed
      ? `A token of it goes to ${someOf(holders)}.`
      : 'A Pod that names no account gets a token of it; none does so now.',
    ...notesOn(account, grants),
  ].join(' ');
  const verdict = isUsed ? ('fail' as const) : ('review' as const);
  const severity = isUsed ? ('medium' as const) : ('low' as const);
  const problem = { object: account, message, verdict, severity };
  if (!isOpen) return [{ ...problem, field: [], fix: holdersFix }];
  return [
    {
      ...problem,
      field: [member],
      fix: {
        risk: isUsed ? 'review' : 'safe',
        changes: [changeTo(account, [member], false)],
        note: isUsed ? usedNote : unusedNote,
      },
    },
  ];
}

const usedNote =
  'Pods made from then on get no token: give what calls the API server an account of its own first. Running Pods keep theirs until they are replaced.';
const unusedNote = `A Pod that needs a token as this account must ask for it from then on, with ${member}: true.`;

const holdersFix: NonNullable<Problem['fix']> = {
  action: 'none',
  risk: 'advice',
  note: `The account gives none: these Pods are older than that, or ask for it themselves, by ${member}: true or a volume. Replace them, or give them an account of their own.`,
};

/** What else the token is good for. */
function notesOn({ metadata, secrets = [] }: ServiceAccount, grants: readonly Grant[]): string[] {
  const { namespace = '' } = metadata;
  const groups = [`system:serviceaccounts:${namespace}`, 'system:serviceaccounts'];
  const shared = grants.filter(({ subject }) => subject.kind === 'Group' && groups.includes(subject.name));
  const tokens = secrets.flatMap(({ name = '' }) => (/-token-[a-z0-9]{5}$/.test(name) ? [name] : []));
  const bindings = [...new Set(shared.map(({ binding }) => objectTitle(binding)))];
  return [
    ...(bindings.length > 0 ? [`It has what all accounts get by ${someOf(bindings)}.`] : []),
    ...(tokens.length > 0 ? [`Secret ${someOf(tokens)} holds a token that never expires.`] : []),
  ];
}
