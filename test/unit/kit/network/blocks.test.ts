import { expect, test } from 'vitest';
import { covers } from '../../../../src/kit/network.ts';

test.each([
  ['0.0.0.0/0', '255.255.255.255', true],
  ['0.0.0.0/0', '::1', false],
  ['10.1.0.0/16', '10.1.255.255', true],
  ['10.1.0.0/16', '10.2.0.0', false],
  // Bits of the host in the network are no matter.
  ['10.1.2.3/16', '10.1.9.9', true],
  ['169.254.169.254/32', '169.254.169.254', true],
  ['169.254.169.254/32', '169.254.169.255', false],
  ['128.0.0.0/1', '200.0.0.1', true],
  ['::/0', 'fd00:ec2::254', true],
  ['::/0', '10.0.0.1', false],
  ['fd00:ec2::/32', 'fd00:ec2::254', true],
  ['fd00:ec2::254/128', 'fd00:0ec2:0::0254', true],
  ['fd00:ec2::254/128', 'fd00:ec2::253', false],
  // What the API server refuses covers nothing.
  ['10.0.0.0', '10.0.0.0', false],
  ['10.0.0.0/33', '10.0.0.0', false],
  ['10.0.0/8', '10.0.0.1', false],
  ['10.0.0.0/-1', '10.0.0.1', false],
  ['example.com/8', '10.0.0.1', false],
  ['0.0.0.0/0', 'example.com', false],
])('%s and %s: %s', (cidr, address, expected) => {
  expect(covers({ cidr }, address)).toBe(expected);
});

test('what is excepted is not covered', () => {
  const block = { cidr: '0.0.0.0/0', except: ['169.254.0.0/16', '10.0.0.0/8'] };
  expect(['169.254.169.254', '10.1.1.1', '8.8.8.8'].map((address) => covers(block, address))).toEqual([
    false,
    false,
    true,
  ]);
});
