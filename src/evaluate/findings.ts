import { hash } from 'node:crypto';
import type { Check, Problem } from '../kit/define-check.ts';
import { containerOf, fieldIdentity, formatField } from '../kit/field.ts';
import {
  podSpecPath,
  type Change,
  type Field,
  type Finding,
  type Fix,
  type KubeObject,
  type Workload,
} from '../model.ts';
import { refOf, type TopOwner } from './owners.ts';

/**
 * The identity of a finding: stable over rollouts, so that new, resolved and still open mean something. The field
 * is the one the check named (relative to the pod spec), so a template and the Pods made of it share it.
 */
export function identify(check: Check, owner: TopOwner, problem: Problem): string {
  const [group] = owner.ref.apiVersion.includes('/') ? owner.ref.apiVersion.split('/') : [''];
  const parts = problem.identity ?? [
    group ?? '',
    owner.ref.kind,
    owner.ref.namespace ?? '',
    owner.identityName,
    containerOf(problem.field) ?? '',
    fieldIdentity(problem.field),
  ];
  return hash('sha256', JSON.stringify([check.id, ...parts])).slice(0, 16);
}

function finding(
  check: Check,
  id: string,
  owner: TopOwner,
  problem: Problem,
  prefix: Field,
  fix: Fix,
): Finding {
  const container = containerOf(problem.field);
  const path = formatField([...prefix, ...problem.field]);
  return {
    id,
    object: owner.ref,
    ...(container === undefined ? {} : { container }),
    ...(path === '' ? {} : { path }),
    message: problem.message,
    severity: problem.severity ?? check.severity,
    verdict: problem.verdict ?? 'fail',
    state: 'open',
    fix,
  };
}

/** A finding in a pod spec: of a template, or of a live Pod. `id` is what `identify` gave. */
export function podSpecFinding(
  check: Check,
  id: string,
  workload: Workload,
  owner: TopOwner,
  problem: Problem,
): Finding {
  const toSpec = podSpecPath[workload.kind] ?? [];
  const metadata: Field = [...toSpec.slice(0, -1), 'metadata'];
  const prefix: Field = problem.base === 'metadata' ? metadata : [...toSpec];
  return finding(check, id, owner, problem, prefix, podSpecFix(workload, owner, problem, prefix, metadata));
}

/** A finding on an object that is not a workload. */
export function objectFinding(check: Check, object: KubeObject, problem: Problem): Finding {
  const ref = refOf(object);
  const members = problem.members?.map((member) => {
    const path = formatField(member.field);
    return {
      object: refOf(member.object),
      ...(path === '' ? {} : { path }),
      ...(member.message === undefined ? {} : { message: member.message }),
      fix: objectFix(member.object, member.fix),
    };
  });
  const owner = { ref, identityName: ref.name };
  const id = identify(check, owner, problem);
  return {
    ...finding(check, id, owner, problem, [], objectFix(object, problem.fix)),
    ...(members === undefined ? {} : { members }),
  };
}

function objectFix(object: KubeObject, problemFix: Problem['fix']): Fix {
  const none = { action: 'none', risk: 'advice' } as const;
  const { action = 'patch', target = object, ...rest }: NonNullable<Problem['fix']> = problemFix ?? none;
  // What is created is the target, not the object that lacks it: two findings may want the same, and others change the object.
  const made = action === 'create' ? (rest.manifest as KubeObject | undefined) : undefined;
  return withOwnership({ target: refOf(made ?? target), action, ...rest }, target);
}

/** Where the change must be made so that it lasts, and whether the API takes it there in place. */
function podSpecFix(
  workload: Workload,
  owner: TopOwner,
  problem: Problem,
  prefix: Field,
  metadata: Field,
): Fix {
  const target = owner.ref;
  const none = (note: string): Fix => ({ target, action: 'none', risk: 'advice', note });
  if (problem.fix === undefined)
    return none('There is no change that is right for every workload; see the plan.');
  if (owner.object === undefined) {
    return none(
      `${target.kind} ${target.name} (${target.apiVersion}) makes these Pods and undoes changes to them: change it in its own definition.`,
    );
  }
  if (workload.metadata.mirror === true) {
    return none('A static Pod: change its manifest on the node; the API cannot.');
  }
  if (workload.kind === 'Pod' && owner.object.kind !== 'Pod') {
    const { action, note } = problem.fix;
    if (action === 'none' && note !== undefined) return none(note);
    return none(
      'The live Pod has it and its template does not: an admission webhook, a sidecar injector or a debug session added it. Find and change what adds it, then delete the Pod.',
    );
  }
  const { metadataChanges, ...fix } = problem.fix;
  const changes = [...within(prefix, fix.changes), ...within(metadata, metadataChanges)];
  // Nearly all of a Pod's spec, and a Job's template, are immutable: the object is saved, deleted and made anew.
  const recreate = workload.kind === 'Pod' || workload.kind === 'Job';
  const { action = recreate ? 'recreate' : 'patch', ...rest } = fix;
  return withOwnership(
    { ...rest, target, action, ...(changes.length === 0 ? {} : { changes }) },
    owner.object,
  );
}

// concat makes lists that are just long enough, a spread half empty ones: thousands are held.
const within = (base: Field, changes: readonly Change[] = []): Change[] =>
  changes.map((change) => ({ ...change, field: base.concat(change.field) }));

function withOwnership(fix: Fix, object: KubeObject): Fix {
  const { managedBy } = object.metadata;
  if (managedBy === undefined || fix.action === 'none') return fix;
  const note = `${managedBy} manages this object and will undo a live change: make the same change in its source.`;
  return { ...fix, note: fix.note === undefined ? note : `${fix.note} ${note}` };
}
