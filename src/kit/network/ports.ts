import type { NetworkPolicyPort } from '../../model.ts';

/** Ports of one protocol, both ends included. */
export interface PortRange {
  protocol: string;
  from: number;
  to: number;
}

/** Ports that are open: sorted, and no range touches another of its protocol. */
export type PortSet = readonly PortRange[];

/** A port of a container that has a name. */
export interface NamedPort {
  name: string;
  protocol: string;
  port: number;
}

export const protocols = ['SCTP', 'TCP', 'UDP'] as const;
const highest = 65_535;

export const noPorts: PortSet = [];
export const allPorts: PortSet = protocols.map((protocol) => ({ protocol, from: 1, to: highest }));

export const isAllPorts = (ports: PortSet): boolean =>
  ports.length === protocols.length && ports.every(({ from, to }) => from === 1 && to === highest);

export const hasPort = (ports: PortSet, protocol: string, port: number): boolean =>
  ports.some((range) => range.protocol === protocol && range.from <= port && port <= range.to);

/** The ports of a rule on a target with these named ports; without `ports` all, and an unknown name is none. */
export function portsOf(
  ports: readonly NetworkPolicyPort[] | undefined,
  named: readonly NamedPort[],
): PortSet {
  if (ports === undefined) return allPorts;
  return union(
    ports.flatMap(({ protocol = 'TCP', port, endPort }): PortRange[] => {
      if (port === undefined) return [{ protocol, from: 1, to: highest }];
      if (typeof port === 'number') return [{ protocol, from: port, to: endPort ?? port }];
      return named
        .filter((one) => one.name === port && one.protocol === protocol)
        .map((one) => ({ protocol, from: one.port, to: one.port }));
    }),
  );
}

export function union(ranges: readonly PortRange[]): PortSet {
  const merged: PortRange[] = [];
  for (const range of ranges.toSorted(byStart)) {
    const last = merged.at(-1);
    if (last?.protocol === range.protocol && range.from <= last.to + 1) {
      merged[merged.length - 1] = { ...last, to: Math.max(last.to, range.to) };
    } else if (range.from <= range.to) merged.push(range);
  }
  return merged;
}

export const intersection = (a: PortSet, b: PortSet): PortSet =>
  union(
    a.flatMap((one) =>
      b
        .filter(({ protocol }) => protocol === one.protocol)
        .map((other) => ({
          protocol: one.protocol,
          from: Math.max(one.from, other.from),
          to: Math.min(one.to, other.to),
        }))
        .filter(({ from, to }) => from <= to),
    ),
  );

function byStart(a: PortRange, b: PortRange): number {
  if (a.protocol !== b.protocol) return a.protocol < b.protocol ? -1 : 1;
  return a.from - b.from;
}
