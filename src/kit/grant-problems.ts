import { severities, type Field, type RoleBinding, type Severity, type Subject } from '../model.ts';
import type { Problem } from './define-check.ts';
import { changeTo } from './field.ts';
import { audienceOf, isBuiltIn, subjectStep, subjectTitle, type Audience, type Grant } from './rbac.ts';
import { objectTitle } from './titles.ts';

/** A grant that a check objects to. */
export interface Fault {
  grant: Grant;
  /** What it lets its subject do, as words after `may`. */
  what: string;
  /** One more sentence. */
  also?: string;
  /** What must be the same of faults that are alike, and recognises them: the words, unless these may change. */
  key?: string;
  /** No worse than this, where the grant is narrow. Everyone is never narrow. */
  atMost?: Severity;
}

/**
 * The findings for these faults, of a check of the given severity. The same grant to an account of the same name, in
 * namespace after namespace, is one finding with its members; so is one that a second binding makes again, for taking
 * away the first alone takes nothing away.
 */
export function grantProblems(
  faults: readonly Fault[],
  severity: Severity,
): (Problem & { object: RoleBinding })[] {
  const alike = Map.groupBy(faults, (fault) => JSON.stringify(shared(fault)));
  return [...alike.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const members = group.map((fault) => ({
      object: fault.grant.binding,
      field: fieldOf(fault.grant),
      message: messageOf(fault),
      fix: removalFix(fault.grant),
    }));
    const { grant } = first;
    return {
      object: grant.binding,
      field: fieldOf(grant),
      message: messageOf(first),
      severity: severityFor(first, severity),
      verdict: isUnfit(grant.subject) ? ('fail' as const) : ('review' as const),
      identity: identityOf(group, first),
      fix: removalFix(grant),
      ...(members.length > 1 ? { members } : {}),
    };
  });
}

/** The subject as the binding writes it at this one of its places. */
const fieldOf = ({ binding, index, subject }: Grant, place = index): Field => [
  'subjects',
  subjectStep(place, binding.subjects[place] ?? subject),
];

/** What grants must have in common to be alike: all but the namespaces. */
const shared = ({ grant: { subject, binding, namespace }, what, key = what }: Fault): string[] => [
  subject.kind,
  subject.name,
  binding.roleRef.kind,
  binding.roleRef.name,
  namespace === undefined ? 'cluster' : 'namespace',
  key,
];

/** Who holds what where, whatever the binding is called; without the namespaces where there are several. */
function identityOf(group: readonly Fault[], first: Fault): string[] {
  const places = new Set(
    group.map(({ grant }) => JSON.stringify([grant.subject.namespace, grant.namespace])),
  );
  if (places.size > 1) return shared(first);
  const { subject, binding, namespace = '' } = first.grant;
  const { kind, name } = binding.roleRef;
  return [subject.kind, subject.namespace ?? '', subject.name, kind, name, namespace];
}

function messageOf({ grant: { binding, subject, namespace }, what, also }: Fault): string {
  const scope = namespace === undefined ? 'the cluster' : `namespace ${namespace}`;
  const { kind, name } = binding.roleRef;
  const grant = `${subjectTitle(subject)} may ${what} in ${scope}: ${objectTitle(binding)} grants it ${kind} ${name}.`;
  return also === undefined ? grant : `${grant} ${also}`;
}

/** How much worse than its check a finding is: what everyone has is worse than what one program has. */
const worseBy = { everyone: 1, 'service-account': 0, named: -1 } as const satisfies Record<Audience, number>;

function severityFor({ grant, atMost }: Fault, severity: Severity): Severity {
  const audience = audienceOf(grant.subject);
  const rank = severities.indexOf(severity) - worseBy[audience];
  const least = atMost === undefined || audience === 'everyone' ? 0 : severities.indexOf(atMost);
  return severities[Math.min(Math.max(rank, least, 0), severities.length - 1)] ?? severity;
}

/** Every Pod that names no account runs as `default`: a right for it is a right for whatever is deployed there. */
const isUnfit = (subject: Subject): boolean =>
  audienceOf(subject) === 'everyone' || (subject.kind === 'ServiceAccount' && subject.name === 'default');

/**
 * Takes the subject out, however often and under whichever name the binding has it; a binding of nobody else goes as a
 * whole. Each fix holds nothing but what it takes, for there may be one for each of thousands of subjects.
 */
export function removalFix(grant: Grant): NonNullable<Problem['fix']> {
  const { binding, places } = grant;
  if (isBuiltIn(grant)) {
    const { kind, name } = binding.roleRef;
    const note = `Kubernetes makes this binding itself and needs it: take what was added out of ${kind} ${name}.`;
    return { action: 'none', risk: 'advice', note };
  }
  return {
    risk: 'advice',
    ...(places.length === binding.subjects.length
      ? { action: 'delete' }
      : { action: 'patch', changes: places.map((place) => changeTo(binding, fieldOf(grant, place))) }),
    note: 'Bind a role with just the rights that are needed first: the role of a binding cannot be changed.',
  };
}
