/** The commands for each object at fault, and the guidance around them. */
import { planFor } from '../kit/plan.ts';
import type { CheckResult, Fix, Guidance, ObjectRef, Plan, Platform } from '../model.ts';
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

/** The commands for the target of each fix of a check: one plan per object, whatever the number of its findings. */
export function commandsByTarget(check: CheckResult): (fix: Fix) => Commands {
  const fixes = Map.groupBy(
    check.findings.filter((finding) => finding.state === 'open').map((finding) => finding.fix),
    (fix) => keyOf(fix.target),
  );
  const plans = new Map<string, Commands>();
  return (fix) => {
    const key = keyOf(fix.target);
    const known = plans.get(key);
    if (known) return known;
    const { test, implementation, backout } = planFor(fixes.get(key) ?? [fix]);
    const commands = {
      test: visibleLines(test),
      implementation: visibleLines(implementation),
      backout: visibleLines(backout),
    };
    plans.set(key, commands);
    return commands;
  };
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
