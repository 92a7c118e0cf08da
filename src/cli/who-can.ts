import { printAnswer } from './answer.ts';
import { qualifiedName } from '../kit/titles.ts';
import { isBuiltIn, ruleAllows, type Grant, type Request } from '../kit/rbac.ts';
import type { PolicyRule } from '../model.ts';
import { printableJson } from '../text.ts';
import { askWhoCan, type Answer } from '../who-can.ts';
import { aligned } from './columns.ts';
import { targetOf, type WhoCanFlags } from './flags.ts';

/** Where the roles and bindings are not the whole answer. */
const notSeen = [
  'who is in a group',
  'what other authorizers allow: for nodes, by webhook, by the IAM of a cloud',
];

/** `passmuster who-can VERB WHAT`: everyone whom RBAC allows it, with the binding and role that do. */
export async function whoCan(verb: string, what: string, flags: WhoCanFlags): Promise<void> {
  const { subresource, allNamespaces } = flags;
  const namespace = allNamespaces === true ? undefined : flags.namespace;
  const answer = await askWhoCan(targetOf(flags), {
    verb,
    what,
    ...(subresource === undefined ? {} : { subresource }),
    ...(namespace === undefined ? {} : { namespace }),
  });
  const limits = `RBAC only. Not seen: ${notSeen.join('; ')}.`;
  printAnswer(show(answer, flags.output), { ...answer, limits }, flags.quiet);
}

/** The answer as text, safe to print. */
export const show = (answer: Answer, output: WhoCanFlags['output']): string =>
  output === 'json' ? json(answer) : table(answer, output === 'wide');

/** Allowed everything before RBAC is asked. */
const masters = { kind: 'Group', name: 'system:masters' };

const none = '<none>';

function table({ request, grants }: Answer, wide: boolean): string {
  const header = ['SUBJECT-KIND', 'SUBJECT', 'NAMESPACE', 'BINDING', 'ROLE'];
  const rows = [
    [masters.kind, masters.name, '*', none, none, 'yes', none],
    ...grants.map((grant) => {
      const { subject, namespace, binding } = grant;
      const builtIn = isBuiltIn(grant) ? 'yes' : 'no';
      return [
        subject.kind,
        subject.namespace === undefined ? subject.name : `${subject.namespace}/${subject.name}`,
        namespace ?? '*',
        `${binding.kind}/${qualifiedName(binding)}`,
        `${binding.roleRef.kind}/${binding.roleRef.name}`,
        builtIn,
        allowing(grant, request).map(ruleWords).join('; '),
      ];
    }),
  ];
  return aligned(
    wide
      ? [[...header, 'BUILT-IN', 'RULE'], ...rows]
      : [header, ...rows.map((row) => row.slice(0, header.length))],
  );
}

const allowing = ({ rules }: Grant, request: Request): readonly PolicyRule[] =>
  rules.filter((rule) => ruleAllows(rule, request));

/** `get,list secrets,pods/log`, `* deployments in apps (only web)`, `get /metrics`. */
function ruleWords({
  verbs,
  apiGroups = [],
  resources = [],
  resourceNames = [],
  nonResourceURLs = [],
}: PolicyRule): string {
  const groups = apiGroups.map((group) => group || '""').join(',');
  return [
    verbs.join(','),
    [...resources, ...nonResourceURLs].join(','),
    ...(['', '""'].includes(groups) ? [] : ['in', groups]),
    ...(resourceNames.length === 0 ? [] : [`(only ${resourceNames.join(',')})`]),
  ].join(' ');
}

/** Stable: fields are added, never changed. */
const json = ({ request, grants, unread }: Answer): string =>
  `${printableJson({
    apiVersion: 'passmuster/v1',
    kind: 'WhoCan',
    request,
    complete: unread.length === 0,
    unread,
    notSeen,
    allowed: [
      { subject: masters, builtIn: true },
      ...grants.map((grant) => {
        const { subject, namespace, binding } = grant;
        const { kind, name } = binding.roleRef;
        return {
          subject: {
            kind: subject.kind,
            ...(subject.namespace === undefined ? {} : { namespace: subject.namespace }),
            name: subject.name,
          },
          ...(namespace === undefined ? {} : { namespace }),
          binding: {
            kind: binding.kind,
            ...(binding.metadata.namespace === undefined ? {} : { namespace: binding.metadata.namespace }),
            name: binding.metadata.name,
          },
          role: { kind, name },
          builtIn: isBuiltIn(grant),
        };
      }),
    ],
  })}\n`;
