/** What every check promises, whatever it judges. A new check gets all of this for a folder and its fixtures. */
import { describe, expect, test } from 'vitest';
import { guidanceMarkdown, platformMarkdown } from '../../../src/assets.ts';
import { checks } from '../../../src/checks/index.ts';
import { requiredBy } from '../../../src/evaluate/reads.ts';
import { parseGuidance } from '../../../src/kit/guidance.ts';
import { planFor } from '../../../src/kit/plan.ts';
import type { CheckResult, Finding, JsonObject, ObjectRef } from '../../../src/model.ts';
import { applyPatch } from '../kit/json-patch.ts';
import { changingCommands, shellBlocks } from './commands.ts';
import {
  checkFolders,
  evaluate,
  expectedOf,
  fixturesOf,
  isAbout,
  type Fixture,
  type Raw,
} from './fixtures.ts';
import { inEachContainerList, inEachKind } from './workloads.ts';

test('every folder is registered once, under its name', () => {
  expect(checks.map(({ id }) => id).toSorted()).toEqual(checkFolders.toSorted());
});

describe.each(checks)('$id', (check) => {
  const fixtures = fixturesOf(check.id);
  const failing = fixtures.filter(({ objects }) => objects.some((raw) => expectedOf(raw) !== undefined));
  const passing = fixtures.filter((fixture) => !failing.includes(fixture));
  const eachFixture = async (judge: (fixture: Fixture, result: CheckResult) => unknown) => {
    for (const fixture of fixtures) await judge(fixture, await evaluate(check, fixture.objects));
  };

  test('has words for every part, and a backout for every implementation', () => {
    const { implementationPlan, backoutPlan } = parseGuidance(guidanceMarkdown(check.id), platformMarkdown);
    expect(Object.keys(backoutPlan)).toEqual(expect.arrayContaining(Object.keys(implementationPlan)));
  });

  test('has a test plan that changes nothing', async () => {
    const { testPlan } = parseGuidance(guidanceMarkdown(check.id), platformMarkdown);
    const words = Object.values(testPlan as unknown as Record<string, string>);
    expect(words.flatMap(shellBlocks).flatMap(changingCommands)).toEqual([]);
    await eachFixture((_, { findings }) => {
      for (const { fix } of findings) expect(changingCommands(planFor([fix]).test)).toEqual([]);
    });
  });

  // A manual check has no verdict of its own, and needs no fixtures.
  if (check.shape === 'manual') return;

  test('finds what is labelled, as labelled, and nothing else', async () => {
    // What can neither pass nor fail has nothing to label.
    const neverFinds = check.onNothing === 'manual' && check.otherwise === 'manual';
    expect(neverFinds ? [passing.length] : [failing.length, passing.length]).not.toContain(0);
    await eachFixture(({ file, objects }, { findings }) => {
      for (const raw of objects) {
        const verdicts = new Set(
          findings
            .flatMap(each)
            .filter(({ object }) => isAbout(object, raw))
            .map(({ verdict }) => verdict),
        );
        const expected = expectedOf(raw);
        expect([file, raw.metadata.name, ...verdicts]).toEqual([
          file,
          raw.metadata.name,
          ...(expected ? [expected] : []),
        ]);
      }
      for (const { object } of findings.flatMap(each)) {
        expect(objects.some((raw) => isAbout(object, raw))).toBe(true);
      }
    });
  });

  test('names a place that exists in the object', async () => {
    await eachFixture(({ objects }, { findings }) => {
      for (const finding of findings.flatMap(each)) {
        const raw = targetOf(objects, finding.object);
        // Down to the last list element or, without one, the pod spec or spec: what follows may be what is missing.
        const steps = (finding.path ?? '').split(/\.|(?=\[)/).filter(Boolean);
        const known = steps.slice(0, Math.max(steps.findLastIndex((step) => /^\[|^spec$/.test(step)) + 1, 0));
        let value: unknown = raw;
        for (const step of known) value = (value as JsonObject | undefined)?.[step.replaceAll(/[[\]]/g, '')];
        expect([finding.path, value]).toEqual([finding.path, expect.anything()]);
      }
    });
  });

  test('is put right by its fix, and exactly undone by the backout', async () => {
    await eachFixture(async ({ objects }, { findings }) => {
      for (const [, own] of Map.groupBy(findings.flatMap(each), ({ fix }) => JSON.stringify(fix.target))) {
        const { fixed, undone } = applied(objects, own);
        if (fixed === undefined) continue;
        const left = (await evaluate(check, fixed)).findings
          .flatMap(each)
          .filter(({ fix }) => sameObject(fix.target, own[0]?.fix.target))
          .filter(({ object }) => own.some((one) => sameObject(one.object, object)));
        expect(left).toEqual([]);
        expect(undone).toEqual(objects);
      }
    });
  });

  test('says what it declares when there is nothing to judge', async () => {
    const { onNothing, otherwise = 'pass' } = check;
    expect((await evaluate(check, [])).status).toBe(onNothing === 'pass' ? otherwise : onNothing);
  });

  test.each(requiredBy(check))('never passes when %s are unread', async (source) => {
    for (const state of ['forbidden', 'partial', 'failed'] as const) {
      const outcomes = { [source]: { state, count: 0, reason: 'a reason' } };
      for (const objects of [[], ...passing.map((fixture) => fixture.objects)]) {
        expect((await evaluate(check, objects, outcomes)).status).toBe('not-assessed');
      }
    }
  });

  test('does not depend on the order of the objects', async () => {
    await eachFixture(async ({ objects }, { findings }) => {
      expect((await evaluate(check, objects.toReversed())).findings).toEqual(findings);
    });
  });

  if (check.shape !== 'podSpec') return;
  const bad = failing.flatMap(({ objects }) => objects.filter((raw) => expectedOf(raw) === 'fail'));

  test.each(bad)('judges the pod spec of $metadata.name the same in every kind', async (raw) => {
    const expected = verdicts(await evaluate(check, [raw]));
    for (const workload of inEachKind(raw)) {
      expect([workload.kind, ...verdicts(await evaluate(check, [workload]))]).toEqual([
        workload.kind,
        ...expected,
      ]);
    }
  });

  test.each(bad)('judges the containers of $metadata.name the same in every list', async (raw) => {
    const { length } = verdicts(await evaluate(check, [raw]));
    for (const [list, workload] of inEachContainerList(raw)) {
      expect([list, verdicts(await evaluate(check, [workload])).length]).toEqual([list, length]);
    }
  });
});

/** The findings without what the kind of the object has a part in. */
const verdicts = ({ findings }: CheckResult): string[] =>
  findings.map(({ verdict, container, message }) => [verdict, container, message].join(': ')).toSorted();

/** A finding of several alike, once for each. */
const each = (finding: Finding): Finding[] =>
  finding.members?.map((member) => ({ ...finding, ...member })) ?? [finding];

const sameObject = (a: object, b: object | undefined): boolean => JSON.stringify(a) === JSON.stringify(b);

function targetOf(objects: readonly Raw[], object: ObjectRef): Raw {
  const found = objects.find((raw) => isAbout(object, raw));
  if (found === undefined) throw new Error(`no ${object.kind} ${object.name}`);
  return found;
}

/** The objects after all fixes of one object, and after the backout; nothing where there is no fix. */
function applied(objects: readonly Raw[], findings: readonly Finding[]): { fixed?: Raw[]; undone?: Raw[] } {
  const [first] = findings;
  if (first === undefined || first.fix.action === 'none') return {};
  const { patch, inverse, backout } = planFor(findings.map(({ fix }) => fix));
  expect(backout).not.toBe('');
  if (first.fix.action === 'create') {
    return { fixed: [...objects, first.fix.manifest as Raw], undone: [...objects] };
  }
  const target = targetOf(objects, first.fix.target);
  if (first.fix.action === 'delete') {
    return { fixed: objects.filter((raw) => raw !== target), undone: [...objects] };
  }
  const changed = applyPatch(target, patch ?? []) as Raw;
  const restored = applyPatch(changed, inverse ?? []) as Raw;
  const replaced = (by: Raw) => objects.map((raw) => (raw === target ? by : raw));
  return { fixed: replaced(changed), undone: replaced(restored) };
}
