import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

// Pages of objects that live until two more have come, as those of a list do.
const work = `
  const { getHeapSpaceStatistics } = await import('node:v8');
  const { setImmediate } = await import('node:timers/promises');
  const pages = [];
  for (let i = 0; i < 300; i += 1) {
    pages.push(Array.from({ length: 10_000 }, (_, n) => ({ n: [n] })));
    if (pages.length > 2) pages.shift();
    await setImmediate();
  }
  console.log(getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size);`;

const youngGeneration = (before: string): number =>
  Number(
    execFileSync(process.execPath, ['--input-type=module', '--eval', before + work], { encoding: 'utf8' }),
  );

test('the young generation stays small', () => {
  const url = new URL('../../../src/cli/young-generation.ts', import.meta.url);
  const limited = youngGeneration(`(await import('${url.href}')).limitYoungGeneration();`);
  expect(limited).toBeLessThan(youngGeneration('') / 2);
});
