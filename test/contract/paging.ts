/** `limit` and `continue`: one state of the cluster over many requests, and what happens when it is forgotten. */
import { expect, test } from 'vitest';
import { failure, keys, pods } from './subject.ts';
import type { List, Subject } from './subject.ts';
import { pod, podNames } from './seed.ts';

export function pagingCases(subject: Subject): void {
  test('shows the state of the first page to the last, whatever happens meanwhile', async () => {
    const added = pod('contract-a/job-bb');
    const removed = pod('contract-a/job-j', 'x'.repeat(12_000));
    const first = await subject.json<List>(`${pods}?limit=5`);
    expect(first.metadata.remainingItemCount).toBe(7);
    await subject.add(added);
    await subject.remove(removed);
    const second = await subject.json<List>(`${pods}?limit=5&continue=${first.metadata.continue}`);
    expect(second.metadata.remainingItemCount).toBe(2);
    const third = await subject.json<List>(`${pods}?limit=5&continue=${second.metadata.continue}`);
    await subject.remove(added);
    await subject.add(removed);

    expect([first, second, third].flatMap(keys)).toEqual(podNames);
    expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    expect(third.metadata).toEqual({ resourceVersion: first.metadata.resourceVersion });
  });

  test('ends without a token when the last page is exactly full', async () => {
    const { metadata } = await subject.json<List>(`${pods}?limit=${podNames.length}`);
    expect(metadata).toEqual({ resourceVersion: expect.any(String) });
  });

  test('is consistent within a namespace too, and takes another limit', async () => {
    const path = '/api/v1/namespaces/contract-a/pods';
    const first = await subject.json<List>(`${path}?limit=4`);
    expect(first.metadata.remainingItemCount).toBe(6);
    const rest = await subject.json<List>(`${path}?limit=100&continue=${first.metadata.continue}`);
    expect([first, rest].flatMap(keys)).toEqual(podNames.slice(2));
  });

  test('ignores the limit for resourceVersion=0', async () => {
    expect((await subject.json<List>(`${pods}?limit=5&resourceVersion=0`)).items).toHaveLength(
      podNames.length,
    );
  });

  test('refuses a token that is none, and one beside a resourceVersion', async () => {
    const { metadata } = await subject.json<List>(`${pods}?limit=5`);
    const nonsense = await subject.status(`${pods}?limit=5&continue=nonsense`);
    expect([nonsense.code, nonsense.body['reason']]).toEqual([400, 'BadRequest']);
    expect(nonsense.body['message']).toMatch(/^invalid continue token: continue key is not valid/);
    expect(
      await subject.status(
        `${pods}?limit=5&resourceVersion=${metadata.resourceVersion}&continue=${metadata.continue}`,
      ),
    ).toEqual(failure(400, 'BadRequest', 'specifying resource version is not allowed when using continue'));
  });

  test('says 410 when the state is forgotten, with a token for the rest as it is now', async () => {
    const late = pod('contract-a/job-late');
    const first = await subject.json<List>(`${pods}?limit=5`);
    await subject.add(late);
    await subject.expire();
    const { code, body } = await subject.status(`${pods}?limit=5&continue=${first.metadata.continue}`);
    expect({ code, reason: body['reason'], status: body['status'] }).toEqual({
      code: 410,
      reason: 'Expired',
      status: 'Failure',
    });
    expect(body['message']).toMatch(
      /^The provided continue parameter is too old to display a consistent list result\. You/,
    );

    const { continue: token } = body['metadata'] as { continue: string };
    const second = await subject.json<List>(`${pods}?limit=5&continue=${token}`);
    const third = await subject.json<List>(`${pods}?limit=5&continue=${second.metadata.continue}`);
    await subject.remove(late);
    expect([first, second, third].flatMap(keys)).toEqual([...podNames, 'contract-a/job-late']);
    expect(Number(second.metadata.resourceVersion)).toBeGreaterThan(Number(first.metadata.resourceVersion));
    expect(third.metadata.resourceVersion).toBe(second.metadata.resourceVersion);
  });
}
