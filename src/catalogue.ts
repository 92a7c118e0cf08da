import { guidanceMarkdown, platformMarkdown } from './assets.ts';
import { benchmarks } from './benchmarks/index.ts';
import { checks } from './checks/index.ts';
import { exit, UserError } from './errors.ts';
import { sourcesOf } from './evaluate/reads.ts';
import { parseGuidance } from './kit/guidance.ts';
import type { Guidance, Severity, SourceName } from './model.ts';
import { closest } from './text.ts';

/** What is known of a check without a cluster. */
export interface CatalogueEntry {
  id: string;
  title: string;
  severity: Severity;
  /** What it reads; nothing for a check that only a person can make. */
  sources: readonly SourceName[];
  /** Ids of the controls it decides, by benchmark; benchmarks that have none are left out. */
  controls: Record<string, string[]>;
}

/** Every check, in the order of the report. */
export const catalogue = (): CatalogueEntry[] =>
  checks.map((check) => ({
    id: check.id,
    title: check.title,
    severity: check.severity,
    sources: sourcesOf(check),
    controls: Object.fromEntries(
      benchmarks.flatMap(({ id, controls }) => {
        const decided = controls.filter((control) =>
          control.checks.some((one) => (typeof one === 'string' ? one : one.id) === check.id),
        );
        return decided.length === 0 ? [] : [[id, decided.map((control) => control.id)]];
      }),
    ),
  }));

/** One entry with its words. @throws UserError (exit 2) when there is no such check */
export function entryOf(id: string): CatalogueEntry & { guidance: Guidance } {
  const entries = catalogue();
  const entry = entries.find((one) => one.id === id);
  if (entry !== undefined) {
    return { ...entry, guidance: parseGuidance(guidanceMarkdown(id), platformMarkdown) };
  }
  const meant = closest(
    id,
    entries.map((one) => one.id),
  );
  throw new UserError(`There is no check ${id}.`, {
    hint: `${meant === undefined ? '' : `Did you mean ${meant}? `}\`passmuster checks list\` names them all.`,
    exitCode: exit.usage,
  });
}

/**
 * The controls in a sentence, the editions of one benchmark together:
 * `cis-kubernetes 5.2.4 (1.8, 2.0.1), 5.2.3 (1.6); cis-aks 4.2.3 (1.8.0)`.
 */
export function controlsInWords(controls: CatalogueEntry['controls']): string {
  const editions = Object.entries(controls).flatMap(([id, numbers]) => {
    const [, family = id, version = ''] = /^(.*?)-(\d[\d.]*)$/.exec(id) ?? [];
    return numbers.map((number) => ({ family, version, number }));
  });
  return [...Map.groupBy(editions, ({ family }) => family)]
    .map(([family, ofFamily]) => {
      const numbers = [...Map.groupBy(ofFamily, ({ number }) => number)].map(([number, same]) => {
        const versions = same.flatMap(({ version }) => (version === '' ? [] : [version]));
        return versions.length === 0 ? number : `${number} (${versions.join(', ')})`;
      });
      return `${family} ${numbers.join(', ')}`;
    })
    .join('; ');
}
