import { stringify } from 'yaml';
import type { Change, Field, Fix, Json, JsonObject, ObjectRef } from '../model.ts';
import { formatField, jsonPointer } from './field.ts';
import { patchOf, takesElement } from './patch.ts';
import type { JsonPatch } from './patch.ts';
import {
  commandJson,
  fileName,
  isPlain,
  kubectlJsonPath,
  kubectlObject,
  shellBlock,
  shellComment,
  shellQuote,
} from './shell.ts';

/**
 * The kubectl lines for one object, for bash or zsh. All three are empty where no command can put it right.
 * `test` only reads. `implementation` stops at the first line that fails, and before it has changed anything when
 * the object is not as it was audited. `backout` restores exactly what was there before.
 */
export interface Commands {
  test: string;
  implementation: string;
  backout: string;
  /** Of a `patch` or `recreate`: the RFC 6902 patch and the one that takes it back. */
  patch?: JsonPatch;
  inverse?: JsonPatch;
}

/** Where fixes of one object ask for different things, the one that settles the most is done. */
const byStrength = ['delete', 'recreate', 'patch', 'create', 'none'] as const satisfies Fix['action'][];

const planners = {
  delete: deletion,
  recreate: recreation,
  patch: patching,
  create: creation,
  none: () => nothing,
} satisfies Record<Fix['action'], (target: ObjectRef, fixes: readonly Fix[]) => Commands>;

const nothing: Commands = { test: '', implementation: '', backout: '' };

/** The commands for one target object; all its fixes make one change. */
export function planFor(fixes: readonly Fix[]): Commands {
  const action = byStrength.find((candidate) => fixes.some((fix) => fix.action === candidate));
  const target = fixes.find((fix) => fix.action === action)?.target;
  return action === undefined || target === undefined ? nothing : planners[action](target, fixes);
}

function patching(target: ObjectRef, fixes: readonly Fix[]): Commands {
  const object = kubectlObject(target);
  const { changes, limit } = atOnce(changesOf(fixes));
  const { patch, inverse } = patchOf(changes);
  if (patch.length === 0) return nothing;
  const apply = `kubectl patch ${object} --type=json -p "$patch"`;
  const rollout = hasRollout.has(target.kind) ? [`kubectl rollout status ${object} --timeout=10m`] : [];
  const hint = afterwards[target.kind];
  const remark = hint === undefined ? [] : [shellComment(hint)];
  return {
    test: [...limit, ...readings(object, changes)].join('\n'),
    implementation: lines(
      ...limit,
      refusal,
      variable('patch', patch),
      chain(`${apply} --dry-run=server`, apply, ...rollout),
      ...remark,
    ),
    backout: lines(...limit, refusal, variable('patch', inverse), chain(apply, ...rollout), ...remark),
    patch,
    inverse,
  };
}

/** kubectl does not say which test of a patch failed. */
const refusal = shellComment(
  'If kubectl calls the request invalid, the object is no longer as it was audited: audit again.',
);

/** Kinds whose rollout kubectl can wait for. */
const hasRollout = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

/** What a template change does not do by itself, by kind. */
const afterwards: Readonly<Record<string, string>> = {
  CronJob: 'The next run uses the new template. A Job that runs now keeps the old one.',
  ReplicaSet: 'Running Pods keep the old template until each is deleted.',
  ReplicationController: 'Running Pods keep the old template until each is deleted.',
  PodTemplate: 'Pods made from it before stay as they are.',
};

/**
 * For objects that the API does not let change. The file is the object as it can be made again; the new one is
 * tried under a generated name, for the server refuses the old name while it is taken.
 */
function recreation(target: ObjectRef, fixes: readonly Fix[]): Commands {
  const object = kubectlObject(target);
  const changes = changesOf(fixes);
  const { patch, inverse } = patchOf(changes);
  if (patch.length === 0) return nothing;
  const saved = shellQuote(fileName(target));
  const changed = shellQuote(fileName(target, '-changed'));
  return {
    test: readings(object, changes).join('\n'),
    implementation: lines(
      kept,
      variable('patch', patch),
      chain(
        saveAs(saved, `kubectl get ${object} -o json | ${locally('-', setByServer[target.kind] ?? {})}`),
        `kubectl patch --local -f ${saved} --type=json -p "$patch" -o json > ${changed}`,
        `${locally(changed, { metadata: { name: null, generateName: 'dry-run-' } })} | kubectl create --dry-run=server -f -`,
        `kubectl replace --force -f ${changed}`,
      ),
    ),
    backout: `kubectl replace --force -f ${saved}`,
    patch,
    inverse,
  };
}

const locally = (file: string, merge: JsonObject): string =>
  `kubectl patch --local -f ${file} --type=merge -p ${shellQuote(commandJson(merge))} -o json`;

const generatedLabels: JsonObject = {
  'controller-uid': null,
  'job-name': null,
  'batch.kubernetes.io/controller-uid': null,
  'batch.kubernetes.io/job-name': null,
};

/** What the server adds to an object and refuses on a new one, by kind, as a merge patch that takes it out. */
const setByServer: Readonly<Record<string, JsonObject>> = {
  Pod: { spec: { nodeName: null, ephemeralContainers: null } },
  Job: {
    metadata: { labels: generatedLabels },
    spec: { selector: null, template: { metadata: { labels: generatedLabels } } },
  },
};

function deletion(target: ObjectRef): Commands {
  const object = kubectlObject(target);
  const saved = shellQuote(fileName(target));
  return {
    test: `kubectl get ${object} -o json`,
    implementation: lines(
      kept,
      chain(
        saveAs(saved, `kubectl get ${object} -o json`),
        `kubectl delete ${object} --dry-run=server`,
        `kubectl delete ${object}`,
      ),
    ),
    backout: `kubectl create -f ${saved}`,
  };
}

function creation(_target: ObjectRef, fixes: readonly Fix[]): Commands {
  const manifests = new Map(
    fixes.flatMap(({ target, manifest }) =>
      manifest === undefined ? [] : [[kubectlObject(referenceTo(manifest, target)), manifest] as const],
    ),
  );
  const create = (manifest: JsonObject) =>
    lines(
      `manifest=${shellBlock(manifestText(manifest))}`,
      chain('kubectl create --dry-run=server -f - <<< "$manifest"', 'kubectl create -f - <<< "$manifest"'),
    );
  const objects = [...manifests.keys()];
  return {
    test: lines(
      shellComment('Prints nothing while the object is missing.'),
      ...objects.map((object) => `kubectl get ${object} --ignore-not-found`),
    ),
    implementation: lines(...[...manifests.values()].map(create)),
    backout: lines(...objects.map((object) => `kubectl delete ${object}`)),
  };
}

/** A manifest names its own object, which need not be the one the finding is about (a policy for a namespace). */
function referenceTo(manifest: JsonObject, otherwise: ObjectRef): ObjectRef {
  const { apiVersion, kind, metadata } = manifest as { apiVersion?: string; kind?: string } & {
    metadata?: { name?: string; namespace?: string };
  };
  const { name, namespace } = metadata ?? {};
  if (apiVersion === undefined || kind === undefined || name === undefined) return otherwise;
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

/** YAML, as people read manifests; JSON (which is YAML too) when a string in it has to be escaped. */
function manifestText(manifest: JsonObject): string {
  const json = commandJson(manifest);
  return json.includes('\\') || !isPlain(json) ? json : stringify(manifest, { lineWidth: 0 }).trimEnd();
}

/**
 * One reading per changed field, under a comment that says what it should print. Of elements that go it is their list:
 * their indexes will be those of others, and kubectl finds an element by no more than one of its members.
 */
function readings(object: string, changes: readonly Change[]): string[] {
  const reading = (field: Field, comment: string): string[] => [
    shellComment(`${formatField(field)}: ${comment}`),
    `kubectl get ${object} -o jsonpath=${kubectlJsonPath(field)}`,
  ];
  const byList = Map.groupBy(changes.filter(takesElement), ({ field }) => jsonPointer(field.slice(0, -1)));
  return [
    ...changes
      .filter((change) => !takesElement(change))
      .flatMap(({ field, before, after }) =>
        reading(field, `is ${shown(before)}, should be ${shown(after)}`),
      ),
    ...[...byList.values()].flatMap((taken) =>
      reading(taken[0]?.field.slice(0, -1) ?? [], `has ${someOf(taken)}, should have none of these`),
    ),
  ];
}

const namesShown = 10;

function someOf(taken: readonly Change[]): string {
  const names = taken.slice(0, namesShown).map(({ before = null }) => inWords(before));
  const more = taken.length - names.length;
  return `[${names.join(', ')}]${more > 0 ? ` and ${more} more` : ''}`;
}

function shown(value: Json | undefined): string {
  if (value === undefined) return 'absent, which prints an empty line';
  if (Array.isArray(value)) return `[${value.map(inWords).join(', ')}]`;
  return typeof value === 'object' ? commandJson(value) : String(value);
}

/** Of an object in a list its values, for a comment has no quotes: `User jane`. */
const inWords = (value: Json): string =>
  value !== null && typeof value === 'object' ? Object.values(value).map(inWords).join(' ') : String(value);

const changesOf = (fixes: readonly Fix[]): Change[] => fixes.flatMap(({ changes }) => changes ?? []);

/** What people will read, and what fits on a command line, which Linux ends at 128 KiB. */
const mostElements = 50;

/** The changes that one patch makes: of elements that go only so many, and a remark that there are more. */
function atOnce(changes: readonly Change[]): { changes: readonly Change[]; limit: string[] } {
  const taken = new Map(changes.filter(takesElement).map((change) => [jsonPointer(change.field), change]));
  const first = new Set([...taken.values()].slice(0, mostElements));
  const some = `${mostElements} of the ${taken.size} list elements that must go`;
  const remark = shellComment(`These commands are for ${some}: audit again after them for the others.`);
  return {
    changes: changes.filter((change) => !takesElement(change) || first.has(change)),
    limit: taken.size > mostElements ? [remark] : [],
  };
}

/** One operation a line, for people to read. */
const variable = (name: string, patch: JsonPatch): string =>
  `${name}=${shellBlock(`[\n${patch.map((operation) => `  ${commandJson(operation)}`).join(',\n')}\n]`)}`;

/**
 * Never over an older file: that would be lost when the command is run again after the change. The file is JSON, for
 * kubectl writes YAML that it cannot read back when a string of the object holds a control character.
 */
const saveAs = (file: string, command: string): string => `(set -C; ${command} > ${file})`;

/** What it means when `saveAs` refuses. */
const kept = shellComment(
  'If the shell cannot overwrite the file, an earlier run saved the object: move it away only if that run changed nothing.',
);

const chain = (...commands: string[]): string => commands.join(' &&\n  ');

const lines = (...parts: string[]): string => parts.join('\n');
