import { BlockList, isIP } from 'node:net';
import type { IPBlock } from '../../model.ts';

const compiled = new Map<string, (address: string) => boolean>();

/** Whether the block covers the address (IPv4 or IPv6). One that the API server would refuse covers nothing. */
export function covers({ cidr, except = [] }: IPBlock, address: string): boolean {
  const contains = containsOf(cidr);
  return contains(address) && !except.some((inner) => containsOf(inner)(address));
}

/** Compiled once for each CIDR: policies repeat a few. */
function containsOf(cidr: string): (address: string) => boolean {
  const known = compiled.get(cidr);
  if (known !== undefined) return known;
  const contains = compile(cidr);
  compiled.set(cidr, contains);
  return contains;
}

function compile(cidr: string): (address: string) => boolean {
  const [network = '', length = ''] = cidr.split('/');
  const family = familyOf(network);
  const bits = Number(length);
  if (family === undefined || !/^\d+$/.test(length) || bits > (family === 'ipv4' ? 32 : 128))
    return () => false;
  const block = new BlockList();
  block.addSubnet(network, bits, family);
  return (address) => familyOf(address) === family && block.check(address, family);
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address);
  if (version === 0) return undefined;
  return version === 4 ? 'ipv4' : 'ipv6';
}
