import { exit, UserError } from '../errors.ts';
import type { Endpoint, PortSet } from '../kit/network.ts';
import { protocols, union } from '../kit/network/ports.ts';
import { closest, visible } from '../text.ts';

/** A port as it is typed: a number, or the name that a container gives to one. */
export interface AskedPort {
  port: number | string;
  /** Missing: TCP of a number, whichever the container says of a name. */
  protocol?: string;
}

/** `8080`, `53/UDP`, `http`, `dns/UDP`. @throws UserError (usage) */
export function understandPort(typed: string): AskedPort {
  const [port = '', protocol, ...rest] = typed.split('/');
  const number = Number(port);
  const isNumber = /^\d+$/.test(port);
  const isKnown = protocol === undefined || protocols.some((one) => one === protocol.toUpperCase());
  const isPort = isNumber ? number >= 1 && number <= 65_535 : port !== '';
  if (!isPort || !isKnown || rest.length > 0) {
    throw new UserError(`--port is not a port: ${visible(typed)}`, {
      hint: `Write a number from 1 to 65535 or the name of a container's port; with /${protocols.join(', /')} if it is not TCP.`,
      exitCode: exit.usage,
    });
  }
  return {
    port: isNumber ? number : port,
    ...(protocol === undefined ? {} : { protocol: protocol.toUpperCase() }),
  };
}

/** The port on the end that is reached. @throws UserError (usage) for a name that it does not have. */
export function portOn({ port, protocol }: AskedPort, target: Endpoint, title: string): PortSet {
  if (typeof port === 'number') return [{ protocol: protocol ?? 'TCP', from: port, to: port }];
  const named = target.kind === 'pod' ? target.ports : [];
  const found = named.filter((one) => one.name === port && (protocol ?? one.protocol) === one.protocol);
  if (found.length > 0)
    return union(found.map((one) => ({ protocol: one.protocol, from: one.port, to: one.port })));
  const names = [...new Set(named.map(({ name }) => name))];
  const meant = closest(port, names);
  throw new UserError(`${visible(title)} has no port called "${visible(port)}".`, {
    hint:
      meant === undefined
        ? `Its names are ${names.map((name) => visible(name)).join(', ') || 'none'}: give a number.`
        : `Did you mean ${visible(meant)}?`,
    exitCode: exit.usage,
  });
}
