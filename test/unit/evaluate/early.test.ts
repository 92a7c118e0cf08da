import { expect, test } from 'vitest';
import { sinkBefore } from '../../../src/evaluate/early.ts';
import type { Evaluation } from '../../../src/evaluate/engine.ts';
import type { Workload } from '../../../src/model.ts';

const settled = () => new Promise(setImmediate);
const page = (name: string): Workload[] => [{ apiVersion: 'v1', kind: 'Pod', metadata: { name } }];

function noting() {
  const noted: string[] = [];
  const sink = {
    page: (pods: Workload[]) => void noted.push(...pods.map(({ metadata }) => metadata.name)),
    restart: () => void noted.push('restart'),
  };
  return { noted, sink };
}

test('Pods that come before their sink reach it in their order, and those after it at once', async () => {
  const { noted, sink } = noting();
  const starting = Promise.withResolvers<Pick<Evaluation, 'sink'>>();
  const early = sinkBefore(starting.promise);
  void early.page(page('a'));
  void early.page(page('b'));
  expect(noted).toEqual([]);
  starting.resolve({ sink });
  await settled();
  expect(noted).toEqual(['a', 'b']);
  void early.page(page('c'));
  early.restart();
  expect(noted).toEqual(['a', 'b', 'c', 'restart']);
});

test('a list that starts anew before its sink is forgotten', async () => {
  const { noted, sink } = noting();
  const starting = Promise.withResolvers<Pick<Evaluation, 'sink'>>();
  const early = sinkBefore(starting.promise);
  void early.page(page('a'));
  early.restart();
  void early.page(page('a again'));
  starting.resolve({ sink });
  await settled();
  expect(noted).toEqual(['a again']);
});

test.each(['starts', 'fails to start'])(
  'who brings more than a few pages waits until the sink %s',
  async (how) => {
    const { noted, sink } = noting();
    const starting = Promise.withResolvers<Pick<Evaluation, 'sink'>>();
    const early = sinkBefore(starting.promise);
    const waiting = [1, 2, 3, 4, 5, 6, 7, 8].map((number) => early.page(page(`${number}`)));
    expect(waiting.slice(0, 7)).toEqual(Array.from({ length: 7 }));
    let hasWaited = false;
    const last = (async () => {
      await waiting[7];
      hasWaited = true;
    })();
    await settled();
    expect(hasWaited).toBe(false);
    if (how === 'starts') starting.resolve({ sink });
    else starting.reject(new Error('no'));
    await last;
    expect(noted).toHaveLength(how === 'starts' ? 8 : 0);
  },
);
