import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectObject } from '../../../src/collect/files.ts';
import { startEvaluation } from '../../../src/evaluate/engine.ts';
import type { Check } from '../../../src/kit/define-check.ts';
import type {
  CheckResult,
  Held,
  JsonObject,
  Platform,
  SourceName,
  SourceOutcome,
  Workload,
} from '../../../src/model.ts';
import { parseManifests } from '../../servers/api/manifests.ts';
import { collectionOf, noWords } from '../collection.ts';

/** An object as it stands in a manifest. */
export type Raw = JsonObject & { apiVersion: string; kind: string; metadata: JsonObject & { name: string } };

/** One file of fixtures, which is a cluster of its own. */
export interface Fixture {
  check: string;
  file: string;
  objects: Raw[];
}

const root = new URL('../../../src/checks/', import.meta.url).pathname;

/** The folders of the checks; `_platform` holds words that they share. */
export const checkFolders: readonly string[] = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.startsWith('_'))
  .map(({ name }) => name);

/** None for a manual check. */
export function fixturesOf(check: string): Fixture[] {
  const folder = join(root, check, 'fixtures');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((file) => ({
    check,
    file,
    objects: parseManifests(readFileSync(join(folder, file), 'utf8')) as unknown as Raw[],
  }));
}

/** The verdict that every finding on the object must have; without the label there must be none. */
export const expectedOf = ({ metadata }: Raw): string | undefined =>
  (metadata['labels'] as Record<string, string> | undefined)?.['expect'];

/** Whether a finding, or the target of its fix, is this object. */
export const isAbout = (
  ref: { kind: string; namespace?: string; name: string },
  { kind, metadata }: Raw,
): boolean =>
  ref.kind === kind &&
  ref.name === metadata.name &&
  (ref.namespace ?? metadata['namespace']) === metadata['namespace'];

/**
 * Projects the objects as live ones are, and freezes them: a check that changes its input crashes. A check of some
 * platforms is run on its first one.
 */
export async function evaluate(
  check: Check,
  objects: readonly Raw[],
  outcomes: Partial<Record<SourceName, SourceOutcome>> = {},
  platform: Platform = check.platforms?.[0] ?? 'kubernetes',
): Promise<CheckResult> {
  const bySource = Map.groupBy(
    objects.flatMap((raw) => projectObject(structuredClone(raw)) ?? []),
    ({ source }) => source,
  );
  const held = Object.fromEntries(
    [...bySource].map(([source, projected]) => [source, frozen(projected.map(({ object }) => object))]),
  ) as Partial<Held> & { pods?: Workload[] };
  const { pods = [], ...rest } = held;
  const collection = collectionOf(rest, [pods], outcomes, platform);
  const evaluation = await startEvaluation(collection, {
    checks: [check],
    guidance: () => noWords,
    exemptions: [],
    now: new Date(),
  });
  const [result] = evaluation.finish(await collection.streamPods(evaluation.sink)).checks;
  if (result === undefined || result.reason?.includes('crashed'))
    throw new Error(result?.reason ?? 'no result');
  return result;
}

function frozen<T>(value: T): T {
  if (value !== null && typeof value === 'object') {
    for (const member of Object.values(value)) frozen(member);
    Object.freeze(value);
  }
  return value;
}
