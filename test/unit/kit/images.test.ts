import { expect, test } from 'vitest';
import { isFloating, parseImage } from '../../../src/kit/images.ts';

const digest = `sha256:${'0'.repeat(64)}`;

test.each([
  ['nginx', 'docker.io', 'library/nginx', undefined, undefined],
  ['nginx:1.31', 'docker.io', 'library/nginx', '1.31', undefined],
  ['team/app', 'docker.io', 'team/app', undefined, undefined],
  ['docker.io/nginx', 'docker.io', 'library/nginx', undefined, undefined],
  ['index.docker.io/team/app:1', 'docker.io', 'team/app', '1', undefined],
  ['localhost/app', 'localhost', 'app', undefined, undefined],
  ['localhost:5000/app', 'localhost:5000', 'app', undefined, undefined],
  ['host:5000/team/app:1.0', 'host:5000', 'team/app', '1.0', undefined],
  ['[2001:db8::1]:5000/app:1', '[2001:db8::1]:5000', 'app', '1', undefined],
  ['registry.example/a/b/c:v1', 'registry.example', 'a/b/c', 'v1', undefined],
  [`host:5000/app@${digest}`, 'host:5000', 'app', undefined, digest],
  [`registry.example/app:1@${digest}`, 'registry.example', 'app', '1', digest],
  [`app@${digest}`, 'docker.io', 'library/app', undefined, digest],
])('%s', (reference, registry, repository, tag, expectedDigest) => {
  expect({ tag: undefined, digest: undefined, ...parseImage(reference) }).toEqual({
    registry,
    repository,
    tag,
    digest: expectedDigest,
  });
});

test.each([
  ['app', true],
  ['app:latest', true],
  ['host:5000/app', true],
  ['app:latest-1', false],
  [`app:latest@${digest}`, false],
])('%s floats: %s', (reference, floats) => {
  expect(isFloating(parseImage(reference))).toBe(floats);
});
