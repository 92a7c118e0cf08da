import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { IPBlock } from '../../model.ts';

type Contains = (address: string) => boolean;

/** Whether the block covers the address (IPv4 or IPv6). One that the API server would refuse covers nothing. */
export function covers({ cidr, except = [] }: IPBlock, address: string): boolean {
  return contains(cidr, address) && !except.some((inner) => contains(inner, address));
}

const compiled = new Map<string, Contains>();

/** Compiled once for each CIDR: policies repeat a few. */
function contains(cidr: string, address: string): boolean {
  let known = compiled.get(cidr);
  if (known === undefined) compiled.set(cidr, (known = compile(cidr)));
  return known(address);
}

function compile(cidr: string): Contains {
  const [network = '', length = ''] = cidr.split('/');
  const bits = Number(length);
  if (!/^\d+$/.test(length)) return () => false;
  if (isIPv4(network) && bits <= 32) return inRange(network, bits);
  if (!isIPv6(network) || bits > 128) return () => false;
  const block = new BlockList();
  block.addSubnet(network, bits, 'ipv6');
  return (address) => isIPv6(address) && block.check(address, 'ipv6');
}

/** By numbers: every Pod is asked about every block, and a `BlockList` takes twenty times as long. */
function inRange(network: string, bits: number): Contains {
  const size = 2 ** (32 - bits);
  const first = Math.floor(numberOf(network) / size) * size;
  return (address) => {
    const number = numberOf(address);
    return number >= first && number < first + size;
  };
}

/** Of an IPv4 address; NaN, which lies in no range, of anything else. */
const numberOf = (address: string): number =>
  isIPv4(address) ? address.split('.').reduce((number, part) => number * 256 + Number(part), 0) : Number.NaN;
