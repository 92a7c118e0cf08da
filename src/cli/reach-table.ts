/** The answer of `passmuster reach` as text, safe to print. */
import { isAllPorts, type Policy, type PortSet } from '../kit/network.ts';
import type { ExplainedSide, Explanation } from '../kit/network/explain.ts';
import { someOf } from '../kit/titles.ts';
import type { IPBlock, ObjectRef } from '../model.ts';
import type { Answer, Connection } from '../reach/ask.ts';
import type { Neighbours, Outside, Surroundings } from '../reach/overview.ts';
import { visible } from '../text.ts';
import { aligned } from './columns.ts';

export const table = (answer: Answer): string =>
  answer.connection === undefined ? overview(answer) : connection(answer.connection);

const none = '<none>';
const verdictWords = { allowed: 'ALLOWED', partial: 'IN PART', denied: 'DENIED' } as const;

function connection({ from, to, verdict, ports, egress, ingress }: Connection): string {
  const where = verdict === 'denied' ? '' : `: ${portWords(ports)}`;
  return [
    `${verdictWords[verdict]}   ${visible(from.title)} -> ${visible(to.title)}${where}\n\n`,
    aligned([
      ['SIDE', 'OF', 'POLICY', 'EFFECT', 'RULE', 'PORTS'],
      ...sideRows('egress', from.title, egress),
      ...sideRows('ingress', to.title, ingress),
    ]),
  ].join('');
}

/** One row for each rule that allows; one for each policy that isolates and of which no rule does. */
function sideRows(side: string, title: string, { isolatedBy, allowedBy, ports }: ExplainedSide): string[][] {
  if (isolatedBy.length === 0) return [[side, title, none, 'not isolated', none, portWords(ports)]];
  const allows = allowedBy.map((rule) => [
    side,
    title,
    nameOf(rule.policy),
    'allows',
    rule.path,
    portWords(rule.ports),
  ]);
  const silent = isolatedBy.filter((policy) => allowedBy.every((rule) => rule.policy !== policy));
  return [...allows, ...silent.map((policy) => [side, title, nameOf(policy), 'isolates', none, 'none'])];
}

const nameOf = ({ namespace, source }: Policy): string => `${namespace}/${source.metadata.name}`;

/** `TCP 80, TCP 8000-8999, all UDP`. */
function portWords(ports: PortSet): string {
  if (ports.length === 0) return 'none';
  if (isAllPorts(ports)) return 'all';
  const words = ports.map(({ protocol, from, to }) => {
    if (from === 1 && to === 65_535) return `all ${protocol}`;
    return `${protocol} ${from === to ? from : `${from}-${to}`}`;
  });
  return someOf(words, 6);
}

function overview({ pod, overview: both }: Answer): string {
  const sides = (['ingress', 'egress'] as const).flatMap((side) => {
    const found = both?.[side];
    return found === undefined ? [] : [{ side, found }];
  });
  return [
    `${visible(pod.title)}\n`,
    ...sides.map(({ side, found }) => `${side}: ${isolation(found)}\n`),
    '\n',
    aligned([
      ['DIRECTION', 'NAMESPACE', 'WORKLOAD', 'PODS', 'PORTS', 'BECAUSE'],
      ...sides.flatMap(({ side, found }) => directionRows(side === 'ingress' ? 'from' : 'to', side, found)),
    ]),
  ].join('');
}

const isolation = ({ isolatedBy }: Surroundings): string =>
  isolatedBy.length === 0
    ? 'not isolated, no NetworkPolicy covers it'
    : `isolated by ${visible(someOf(isolatedBy.map(nameOf), 8), 1000)}`;

/** What is open first, and what is alike in several namespaces on one row. */
interface Row {
  namespaces: string[];
  workloads: string;
  /** Whether these are all workloads of the namespace. */
  whole: boolean;
  pods: number;
  ports: PortSet;
  because: string;
}

function directionRows(
  direction: string,
  side: 'ingress' | 'egress',
  { neighbours, outside, isolatedBy }: Surroundings,
): string[][] {
  const rows = folded(
    [...Map.groupBy(neighbours, ({ namespace }) => namespace).values()].flatMap((those) =>
      rowsOfNamespace(those),
    ),
  );
  return [
    ...rows.map(({ namespaces, workloads, pods, ports, because }) => [
      direction,
      someOf(namespaces, 3),
      workloads,
      pods === 0 ? none : String(pods),
      portWords(ports),
      because,
    ]),
    ...outside.map((one) => [
      direction,
      '<outside>',
      blockWords(one.block),
      none,
      portWords(one.ports),
      outsideWhy(side, one, isolatedBy),
    ]),
  ];
}

/** Of one namespace: workloads with the same verdict for the same reason are one row. */
function rowsOfNamespace(those: readonly Neighbours[]): Row[] {
  const alike = [
    ...Map.groupBy(those, (one) => JSON.stringify([portWords(one.explanation.ports), why(one)])).values(),
  ];
  return alike.flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const workloads = group.flatMap((one) =>
      one.workloads.map(({ ref, pods }) => ({ title: titleOf(ref, one), pods })),
    );
    const titles = [...new Set(workloads.map(({ title }) => title))].toSorted();
    return [
      {
        namespaces: [first.namespace],
        workloads: someOf(titles, 3),
        whole: alike.length === 1,
        pods: workloads.reduce((sum, { pods }) => sum + pods, 0),
        ports: first.explanation.ports,
        because: why(first),
      },
    ];
  });
}

/** Whole namespaces of which the same is true are one row. What is open comes first. */
function folded(rows: readonly Row[]): Row[] {
  const alike = Map.groupBy(rows, ({ whole, ports, because, namespaces, workloads }) =>
    JSON.stringify(whole ? [portWords(ports), because] : [namespaces, workloads, because]),
  );
  return [...alike.values()]
    .flatMap((group) =>
      group.slice(0, 1).map((first) => ({
        ...first,
        namespaces: group.flatMap(({ namespaces }) => namespaces).toSorted(),
        workloads: group.length === 1 ? first.workloads : 'all',
        pods: group.reduce((sum, { pods }) => sum + pods, 0),
      })),
    )
    .toSorted(
      (a, b) =>
        Number(a.ports.length === 0) - Number(b.ports.length === 0) ||
        ((a.namespaces[0] ?? '') < (b.namespaces[0] ?? '') ? -1 : 1),
    );
}

const titleOf = ({ kind, name }: ObjectRef, { hostNetwork }: Neighbours): string =>
  `${kind}/${name}${hostNetwork ? ' (host network)' : ''}`;

/** Of what is open the rules, of what is closed the policies that close it. */
function why({ explanation }: Neighbours): string {
  const { egress, ingress } = explanation;
  return explanation.verdict === 'denied'
    ? denial(explanation)
    : `egress ${allowance(egress)}; ingress ${allowance(ingress)}`;
}

const allowance = ({ isolatedBy, allowedBy }: ExplainedSide): string =>
  isolatedBy.length === 0
    ? 'not isolated'
    : someOf(
        allowedBy.map(({ policy, path }) => `${nameOf(policy)} ${path}`),
        2,
      );

function denial({ egress, ingress }: Explanation): string {
  const closed = Object.entries({ egress, ingress }).filter(([, { ports }]) => ports.length === 0);
  if (closed.length === 0) return 'egress and ingress allow different ports';
  return closed.map(([side, { isolatedBy }]) => isolatedWords(side, isolatedBy)).join('; ');
}

const isolatedWords = (side: string, policies: readonly Policy[]): string =>
  `${side} isolated by ${someOf(policies.map(nameOf), 2)}`;

const blockWords = (block: IPBlock | undefined): string =>
  block === undefined
    ? 'any address'
    : [block.cidr, ...(block.except ?? []).map((inner) => `except ${inner}`)].join(' ');

function outsideWhy(side: string, { rule }: Outside, isolatedBy: readonly Policy[]): string {
  if (rule !== undefined) return `${side} ${nameOf(rule.policy)} ${rule.path}`;
  return isolatedBy.length === 0 ? `${side} not isolated` : isolatedWords(side, isolatedBy);
}
