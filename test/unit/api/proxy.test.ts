import { expect, test } from 'vitest';
import { isLoopback, proxyFromEnvironment } from '../../../src/api/proxy.ts';

const proxy = 'http://proxy.example:3128';

test.each([
  ['https://api.example', { HTTPS_PROXY: proxy }, proxy],
  ['https://api.example', { https_proxy: proxy }, proxy],
  ['https://api.example', { HTTP_PROXY: proxy }, undefined],
  ['http://api.example', { HTTP_PROXY: proxy }, proxy],
  ['https://api.example', { HTTPS_PROXY: 'proxy.example:3128' }, proxy],
  ['https://127.0.0.1:6443', { HTTPS_PROXY: proxy }, undefined],
  ['https://[::1]:6443', { HTTPS_PROXY: proxy }, undefined],
  ['https://api.example', { HTTPS_PROXY: proxy, NO_PROXY: '*' }, undefined],
  ['https://api.example', { HTTPS_PROXY: proxy, NO_PROXY: 'other, EXAMPLE' }, undefined],
  ['https://api.example', { HTTPS_PROXY: proxy, NO_PROXY: '.example' }, undefined],
  ['https://example', { HTTPS_PROXY: proxy, NO_PROXY: '.example' }, proxy],
  ['https://notexample', { HTTPS_PROXY: proxy, NO_PROXY: 'example' }, proxy],
  ['https://api.example:6443', { HTTPS_PROXY: proxy, no_proxy: 'api.example:6443' }, undefined],
  ['https://api.example:6443', { HTTPS_PROXY: proxy, no_proxy: 'api.example:443' }, proxy],
  ['https://10.1.2.3', { HTTPS_PROXY: proxy, NO_PROXY: '10.0.0.0/8' }, undefined],
  ['https://11.1.2.3', { HTTPS_PROXY: proxy, NO_PROXY: '10.0.0.0/8' }, proxy],
  ['https://[fd00::1]', { HTTPS_PROXY: proxy, NO_PROXY: 'fd00::/8' }, undefined],
  ['https://[fd00::1]', { HTTPS_PROXY: proxy, NO_PROXY: 'fd00::1' }, undefined],
  ['https://10.1.2.3', { HTTPS_PROXY: proxy, NO_PROXY: '10.0.0.0/99' }, proxy],
])('%s with %o', (server, env, expected) => {
  expect(proxyFromEnvironment(new URL(server), env)).toBe(expected);
});

test('loopback is this machine only', () => {
  expect(['localhost', '127.0.0.1', '127.8.9.1', '::1'].every(isLoopback)).toBe(true);
  expect(['10.0.0.1', '127.evil.example', 'localhost.example'].some(isLoopback)).toBe(false);
});
