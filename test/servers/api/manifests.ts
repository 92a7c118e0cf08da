import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { RawObject } from './store.ts';

/** Every object in the YAML files of a folder and its subfolders, in the order of their paths. */
export function loadManifests(folder: string): RawObject[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .toSorted()
    .flatMap((file) => parseManifests(readFileSync(join(folder, file), 'utf8')));
}

export const parseManifests = (text: string): RawObject[] =>
  parseAllDocuments(text).flatMap((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    return (document.toJS() as RawObject | null) ?? [];
  });
