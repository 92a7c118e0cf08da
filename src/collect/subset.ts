import type { Connection } from '../api/connection.ts';
import type { HeldSource, ObjectsBySource, SourceName, SourceOutcome } from '../model.ts';
import { readHeld } from './cluster.ts';
import { discover } from './discovery.ts';
import type { Reader } from './read.ts';
import { definitionOf } from './sources.ts';

/** Some sources, and how reading each of them ended. */
export interface Subset<S extends SourceName> {
  held: { [N in S]: ObjectsBySource[N][] };
  outcomes: Record<S, SourceOutcome>;
}

/** Reads of some sources all objects, Pods as well, and holds them: for a command that answers one question. */
export interface SubsetReader {
  /** Of these namespaces; of all where there are none given. A list that fails is an outcome, not an error. */
  read<S extends SourceName>(sources: readonly S[], namespaces?: readonly string[]): Promise<Subset<S>>;
  /** Those of the sources whose kind the API server has, as far as it says. Asks nothing. */
  served<S extends SourceName>(sources: readonly S[]): S[];
}

/** @throws ApiError when the API server cannot be reached. */
export async function subsetReader(connection: Connection): Promise<SubsetReader> {
  const discovery = await discover(connection);
  const reader: Reader = {
    connection,
    discovery,
    namespaces: undefined,
    visibleNamespaces: async () => {
      const { objects, outcome } = await readHeld(reader, 'namespaces');
      return outcome.state === 'ok' ? objects.map(({ metadata }) => metadata.name) : undefined;
    },
    onProgress: () => {},
  };
  return {
    async read<S extends SourceName>(sources: readonly S[], namespaces?: readonly string[]) {
      const scoped: Reader = { ...reader, namespaces };
      const read = await Promise.all(
        // What is held of Pods here is nothing else than of other sources.
        sources.map(async (source) => ({ source, ...(await readHeld(scoped, source as HeldSource)) })),
      );
      return {
        held: Object.fromEntries(read.map(({ source, objects }) => [source, objects])),
        outcomes: Object.fromEntries(read.map(({ source, outcome }) => [source, outcome])),
      } as unknown as Subset<S>;
    },
    served: (sources) =>
      sources.filter((source) => {
        const { apiVersion, formerly = [] } = definitionOf(source);
        return [apiVersion, ...formerly].some((one) => discovery.groupVersions?.has(one));
      }),
  };
}
