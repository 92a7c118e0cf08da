/** The commands for each object at fault, and the guidance around them. */
import { planFor } from '../kit/plan.ts';
import type { CheckResult, Finding, Fix, Guidance, ObjectRef, Plan, Platform } from '../model.ts';
import { visible } from '../text.ts';
import { markdownHtml } from './safe.ts';
import type { Safe } from './safe.ts';
import { platformWords } from './words.ts';

/** Shell text of the three plans for one object; empty where there is nothing to type. */
export interface Commands {
  test: string;
  implementation: string;
  backout: string;
}

/** A part of a plan: the words before the commands, the commands of an example object, the words after. */
export interface PlanPart {
  /** Empty for the general part, else the platform's name. */
  platform: string;
  before: Safe;
  commands: string;
  after: Safe;
}

export const planNames = {
  test: 'Test plan',
  implementation: 'Implementation plan',
  backout: 'Backout plan',
} as const satisfies Record<keyof Commands, string>;

const keyOf = ({ apiVersion, kind, namespace, name }: ObjectRef): string =>
  JSON.stringify([apiVersion, kind, namespace, name]);

/** Several lines for show: each through `visible`, uncut. */
const visibleLines = (text: string): string =>
  text
    .split(/\r?\n/)
    .map((line) => visible(line, Infinity))
    .join('\n')
    .trim();

/** The commands for one object; all its fixes make one plan. */
export function commandsFor(fixes: readonly Fix[]): Commands {
  const { test, implementation, backout } = planFor(fixes);
  return {
    test: visibleLines(test),
    implementation: visibleLines(implementation),
    backout: visibleLines(backout),
  };
}

export type CommandsOf = (finding: Finding) => Commands;

/** Of a finding with many members, how many have their commands printed; those of the others differ in the name alone. */
const membersWithCommands = 10;

/** Characters that the commands of a finding with many members may have, if those of the first have no more. */
const membersLength = 50_000;

/** Characters of the three together. */
export const lengthOf = ({ test, implementation, backout }: Commands): number =>
  test.length + implementation.length + backout.length;

const fixesOf = ({ fix, members }: Finding): Fix[] => members?.map((member) => member.fix) ?? [fix];

/**
 * The commands for the targets of a finding: one plan per object, whatever the number of the check's findings on it.
 * Findings of the same targets get the same `Commands`.
 */
export function commandsByTarget(check: CheckResult): CommandsOf {
  const fixes = Map.groupBy(
    check.findings.filter((finding) => finding.state === 'open').flatMap(fixesOf),
    (fix) => keyOf(fix.target),
  );
  const plans = new Map<string, Commands>();
  const planOf = (fix: Fix): Commands => {
    const key = keyOf(fix.target);
    const known = plans.get(key);
    if (known) return known;
    const commands = commandsFor(fixes.get(key) ?? [fix]);
    plans.set(key, commands);
    return commands;
  };
  const joinedPlans = new Map<string, Commands>();
  return (finding) => {
    const targets = new Map(fixesOf(finding).map((fix) => [keyOf(fix.target), fix]));
    const key = [...targets.keys()].join();
    const known = joinedPlans.get(key);
    if (known) return known;
    const commands = joinedPlan([...targets.values()], planOf);
    joinedPlans.set(key, commands);
    return commands;
  };
}

/** The plans of the first targets, each of them whole, and how many are left. */
function joinedPlan(targets: readonly Fix[], planOf: (fix: Fix) => Commands): Commands {
  const shown: Commands[] = [];
  let length = 0;
  for (const target of targets.slice(0, membersWithCommands)) {
    const plan = planOf(target);
    length += lengthOf(plan);
    if (shown.length > 0 && length > membersLength) break;
    shown.push(plan);
  }
  const more = targets.length - shown.length;
  const remark = more > 0 ? [`# The same for the other ${more}: the JSON report has their names.`] : [];
  const joined = (part: keyof Commands): string => {
    const texts = shown.map((plan) => plan[part]).filter((text) => text !== '');
    return texts.length === 0 ? '' : [...texts, ...remark].join('\n');
  };
  return { test: joined('test'), implementation: joined('implementation'), backout: joined('backout') };
}

const slot = /^[ \t]*\{\{commands\}\}[ \t]*$/m;

/** The Markdown of one part, cut at the line `{{commands}}`. */
function planPart(platform: string, text: string, commands: string): PlanPart {
  const [before = '', ...after] = visibleLines(text).split(slot);
  return {
    platform,
    before: markdownHtml(before),
    commands: after.length > 0 ? commands : '',
    after: markdownHtml(after.join('\n')),
  };
}

/** The general part of a plan and, where the platform has a route of its own, that. */
export function planParts(plan: Plan, platform: Platform, commands: string): PlanPart[] {
  const own = platform === 'aks' || platform === 'eks' || platform === 'gke' ? plan[platform] : undefined;
  const parts = [planPart('', plan.kubectl, commands)];
  if (own !== undefined) parts.push(planPart(platformWords[platform], own, commands));
  return parts;
}

/** The words of a check that are no plan, as HTML. */
export const guidanceHtml = (guidance: Guidance, part: Exclude<keyof Guidance, `${string}Plan`>): Safe =>
  markdownHtml(visibleLines(guidance[part]));
