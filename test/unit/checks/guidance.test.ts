import { expect, test } from 'vitest';
import { guidanceHeadings, parseGuidance } from '../../../src/kit/guidance.ts';

const plan = 'Look first.\n\n{{commands}}\n\nThen wait.';
const words: Record<string, string> = {
  ...Object.fromEntries(Object.keys(guidanceHeadings).map((heading) => [heading, `About ${heading}.`])),
  'Test plan': plan,
  'Implementation plan': plan,
  'Backout plan': plan,
};
const markdown = (changed: Record<string, string | undefined> = {}): string =>
  Object.entries({ ...words, ...changed })
    .filter(([, body]) => body !== undefined)
    .map(([heading, body]) => `## ${heading}\n\n${body}\n`)
    .join('\n');
const noPlatform = (name: string): string => {
  throw new Error(`asked for ${name}`);
};
const parse = (changed?: Record<string, string | undefined>) => parseGuidance(markdown(changed), noPlatform);

test('reads the nine parts', () => {
  expect(parse()).toEqual({
    description: 'About Description.',
    rationale: 'About Rationale.',
    impact: 'About Impact.',
    defaultValue: 'About Default value.',
    prerequisites: 'About Prerequisites.',
    testPlan: { kubectl: plan },
    implementationPlan: { kubectl: plan },
    backoutPlan: { kubectl: plan },
    references: 'About References.',
  });
});

test('takes the platform parts out of a plan', () => {
  const { testPlan } = parse({ 'Test plan': `${plan}\n\n### AKS\n\nIn the portal.\n\n### GKE\nBy gcloud.` });
  expect(testPlan).toEqual({ kubectl: plan, aks: 'In the portal.', gke: 'By gcloud.' });
});

test('puts in the words that checks share, and leaves comments out', () => {
  const text = markdown({
    'Test plan': `${plan}\n### AKS\n{{platform:aks-policy}}`,
    Impact: 'None.<!-- why? -->',
  });
  const { testPlan, impact } = parseGuidance(text, (name) => `Words of ${name}.\n`);
  expect([testPlan.aks, impact]).toEqual(['Words of aks-policy.', 'None.']);
});

test('takes no line of a code block for a heading', () => {
  const block = '```sh\n## not a heading\n### AKS\nkubectl get pods\n```';
  const { description, testPlan } = parse({ Description: block, 'Test plan': `${block}\n\n${plan}` });
  expect([description, testPlan]).toEqual([block, { kubectl: `${block}\n\n${plan}` }]);
});

test.each([
  ['a part that is missing', { Impact: undefined }, /headings must be .*Impact.*; they are (?!.*Impact)/],
  ['a part that is not known', { Colour: 'Blue.' }, /they are .*Colour/],
  ['a part without words', { Rationale: '<!-- why does it matter? -->' }, '"Rationale" is empty'],
  [
    'a plan without the slot',
    { 'Backout plan': 'Undo it.' },
    '"Backout plan" must hold the line {{commands}} once',
  ],
  ['a plan with the slot twice', { 'Test plan': `${plan}\n${plan}` }, '"Test plan" must hold'],
  [
    'a slot in a platform part alone',
    { 'Test plan': `See below.\n### AKS\n${plan}` },
    '"Test plan" must hold',
  ],
  [
    'a slot in a platform part too',
    { 'Test plan': `${plan}\n### AKS\n${plan}` },
    'means nothing here: {{commands}}',
  ],
  ['a slot within a line', { 'Test plan': `${plan}\nRun {{commands}} again.` }, 'means nothing here'],
  ['a slot that is not known', { Impact: 'Up to {{number}} Pods.' }, '"Impact" has a slot'],
  [
    'a platform that is not known',
    { 'Test plan': `${plan}\n### Azure\nx` },
    'has a part "Azure"; parts are AKS',
  ],
  [
    'a platform part without words',
    { 'Test plan': `${plan}\n### EKS\n` },
    '"EKS" of section "Test plan" is empty',
  ],
])('refuses %s', (_, changed, message) => {
  expect(() => parse(changed)).toThrow(message);
});

test('refuses words before the first heading', () => {
  expect(() => parseGuidance(`# Title\n\n${markdown()}`, noPlatform)).toThrow('# Title');
});
