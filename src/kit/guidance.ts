import type { Guidance, Plan } from '../model.ts';

/** The headings of a `guidance.md`, in their order, and the part of the record each stands for. */
export const guidanceHeadings = {
  Description: 'description',
  Rationale: 'rationale',
  Impact: 'impact',
  'Default value': 'defaultValue',
  Prerequisites: 'prerequisites',
  'Test plan': 'testPlan',
  'Implementation plan': 'implementationPlan',
  'Backout plan': 'backoutPlan',
  References: 'references',
} as const satisfies Record<string, keyof Guidance>;

const platformHeadings = { AKS: 'aks', EKS: 'eks', GKE: 'gke' } as const;
const slot = '{{commands}}';

/**
 * Reads the words of a check. The sections are `## ` headings, all of them, in order and not empty. A plan is what to
 * do with kubectl, holding the line `{{commands}}` once, then parts `### AKS`, `### EKS`, `### GKE` where such a
 * platform has a route of its own. A line `{{platform:NAME}}` stands for words that checks share; comments are dropped.
 * @param platform gives the shared words, Markdown without headings
 * @throws Error that says which section is wrong and how
 */
export function parseGuidance(markdown: string, platform: (name: string) => string): Guidance {
  const text = markdown
    .replaceAll(/<!--[^]*?-->/g, '')
    .replaceAll(/^\{\{platform:([\w-]+)\}\}$/gm, (_line, name: string) => platform(name).trim());
  const { before, sections } = split(text, '## ');
  if (before !== '') throw new Error(`guidance: words before the first heading: ${firstLine(before)}`);
  const expected = Object.keys(guidanceHeadings);
  const found = sections.map(({ heading }) => heading);
  if (found.join('\n') !== expected.join('\n')) {
    throw new Error(`guidance: the headings must be ${expected.join(', ')}; they are ${found.join(', ')}`);
  }
  const parts = sections.map(({ heading, body }) => {
    if (body === '') throw new Error(`guidance: section "${heading}" is empty`);
    const part = guidanceHeadings[heading as keyof typeof guidanceHeadings];
    if (part.endsWith('Plan')) return [part, parsePlan(heading, body)];
    refuseSlots(heading, body);
    return [part, body];
  });
  return Object.fromEntries(parts) as Guidance;
}

function parsePlan(heading: string, body: string): Plan {
  const { before: kubectl, sections } = split(body, '### ');
  const slots = kubectl.split('\n').filter((line) => line.trim() === slot).length;
  if (slots !== 1) {
    throw new Error(
      `guidance: section "${heading}" must hold the line ${slot} once before any platform part`,
    );
  }
  refuseSlots(heading, kubectl.replace(slot, ''));
  const plan: Plan = { kubectl };
  for (const { heading: name, body: words } of sections) {
    if (!isPlatform(name)) {
      const known = Object.keys(platformHeadings).join(', ');
      throw new Error(`guidance: section "${heading}" has a part "${name}"; parts are ${known}`);
    }
    if (words === '') throw new Error(`guidance: part "${name}" of section "${heading}" is empty`);
    refuseSlots(heading, words);
    plan[platformHeadings[name]] = words;
  }
  return plan;
}

const isPlatform = (name: string): name is keyof typeof platformHeadings =>
  Object.hasOwn(platformHeadings, name);

function refuseSlots(heading: string, body: string): void {
  const [unknown] = /\{\{.*?\}\}/.exec(body) ?? [];
  if (unknown !== undefined)
    throw new Error(`guidance: section "${heading}" has a slot that means nothing here: ${unknown}`);
}

/** Cuts at the lines that begin with `marker`, which means nothing inside a code fence. */
function split(text: string, marker: '## ' | '### ') {
  const before: string[] = [];
  const sections: { heading: string; lines: string[] }[] = [];
  let fenced = false;
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
    if (!fenced && line.startsWith(marker)) {
      sections.push({ heading: line.slice(marker.length).trim(), lines: [] });
    } else {
      (sections.at(-1)?.lines ?? before).push(line);
    }
  }
  return {
    before: before.join('\n').trim(),
    sections: sections.map(({ heading, lines }) => ({ heading, body: lines.join('\n').trim() })),
  };
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';
