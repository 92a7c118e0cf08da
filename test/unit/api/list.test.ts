import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { toProtobuf } from '../../servers/api/protobuf.ts';
import { limitOf, page, readAll, startPeer, status, tokenOf, type Peer, type Script } from './peer.ts';

let peer: Peer | undefined;
afterEach(async () => {
  await peer?.stop();
  peer = undefined;
});

const listOf = async (script: Script, options = {}): Promise<unknown[]> => {
  peer = await startPeer(script);
  return readAll(await peer.connect(options));
};

const tokens = (): (string | null)[] =>
  (peer?.requests ?? []).map((path) => new URL(path, 'http://peer').searchParams.get('continue'));

describe('a list of several pages', () => {
  test('is read to its end, with limit and continue', async () => {
    const events = await listOf((request, response) => {
      const token = tokenOf(request);
      response.end(token === null ? page([1, 2], 'a b&c') : page([3]));
    });
    expect(events).toEqual([1, 2, 3]);
    expect(peer?.requests).toEqual(['/api/v1/pods?limit=100', '/api/v1/pods?limit=100&continue=a+b%26c']);
  });

  test('asks for the next page while this one still arrives', async () => {
    let finishFirst: (() => void) | undefined;
    const events = await listOf((request, response) => {
      if (tokenOf(request) === null) {
        const whole = page([1], 'next');
        response.write(whole.slice(0, -3));
        finishFirst = () => response.end(whole.slice(-3));
      } else {
        response.end(page([2]));
        finishFirst?.();
      }
    });
    expect(events).toEqual([1, 2]);
  });

  test('has two pages under way while its reader works on one, and no more', async () => {
    peer = await startPeer((request, response) => {
      const number = Number(tokenOf(request) ?? 1);
      response.end(page([number], number < 9 ? String(number + 1) : undefined));
    });
    const seen = [];
    for await (const event of (await peer.connect()).list('/api/v1/pods', {
      apiVersion: 'v1',
      kind: 'Pod',
    })) {
      if (event.type === 'page') seen.push(...event.items);
      await vi.waitFor(() => expect(peer?.requests).toHaveLength(Math.min(seen.length + 2, 9)));
      await sleep(20);
      expect(peer.requests).toHaveLength(Math.min(seen.length + 2, 9));
    }
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('asks one after the other when the token stands behind the items', async () => {
    const events = await listOf((request, response) => {
      const metadata = tokenOf(request) === null ? { continue: 'next' } : {};
      response.end(JSON.stringify({ items: [tokenOf(request)], kind: 'PodList', metadata }));
    });
    expect(events).toEqual([null, 'next']);
  });

  test('tells how many objects are still to come', async () => {
    peer = await startPeer((request, response) =>
      response.end(tokenOf(request) === null ? page([1], 'x', { remainingItemCount: 1 }) : page([2])),
    );
    const connection = await peer.connect();
    const events = [];
    for await (const event of connection.list('/api/v1/pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      fieldSelector: 'metadata.name=a',
    })) {
      events.push(event);
    }
    expect(events).toEqual([
      { type: 'page', items: [1], remaining: 1 },
      { type: 'page', items: [2] },
    ]);
    expect(peer.requests[0]).toContain('fieldSelector=metadata.name%3Da');
  });

  test('ends what it has asked for when the reader stops', async () => {
    const closed = Promise.withResolvers<void>();
    peer = await startPeer((request, response) => {
      if (tokenOf(request) === null) response.end(page([1], 'never'));
      else request.socket.on('close', () => closed.resolve());
    });
    const connection = await peer.connect();
    for await (const event of connection.list('/api/v1/pods', { apiVersion: 'v1', kind: 'Pod' })) {
      expect(event.type).toBe('page');
      await vi.waitFor(() => expect(peer?.requests).toHaveLength(2));
      break;
    }
    await closed.promise;
  });
});

describe('a list that goes in circles', () => {
  const circles: [string, Record<string, string>][] = [
    ['the token that it was asked with', { '': 'a', a: 'a' }],
    ['two tokens in turn', { '': 'a', a: 'b', b: 'a' }],
    ['a token of long ago', { '': 'a', a: 'b', b: 'c', c: 'd', d: 'b' }],
  ];
  test.each(circles)('is an error: %s', async (_, following) => {
    const reading = listOf((request, response) => response.end(page([1], following[tokenOf(request) ?? ''])));
    await expect(reading).rejects.toMatchObject({
      reason: 'protocol',
      message: expect.stringContaining('it leads back to a page that was read before'),
    });
    expect(tokens().length).toBeLessThan(8);
  });

  test('is an error, by way of tokens that expire', async () => {
    const reading = listOf((request, response) => {
      if (tokenOf(request) === 'second') response.writeHead(410).end(expired('late'));
      else response.end(page([1], 'second'));
    });
    await expect(reading).rejects.toMatchObject({ reason: 'protocol' });
    expect(tokens().slice(0, 5)).toEqual([null, 'second', null, 'second', 'late']);
    expect(tokens().length).toBeLessThan(7);
  });
});

const expired = (token?: string) =>
  status(410, { reason: 'Expired', metadata: token === undefined ? {} : { continue: token } });

const podNamed = (name: string) => ({ metadata: { name } });
const inProtobuf = (kind: string, fields: object): Buffer =>
  toProtobuf({ apiVersion: 'v1', kind, ...fields }) ?? Buffer.alloc(0);

describe('protobuf', () => {
  const protobuf = 'application/vnd.kubernetes.protobuf';

  test('is asked for where we can read it, with JSON for a server that has none', async () => {
    peer = await startPeer((_, response) => response.writeHead(404).end());
    const connection = await peer.connect();
    for (const [apiVersion, kind] of [
      ['v1', 'Pod'],
      ['apps/v1', 'Deployment'],
      ['apps/v1beta1', 'Deployment'],
      ['cilium.io/v2', 'CiliumNetworkPolicy'],
    ] as const) {
      const first = connection.list('/list', { apiVersion, kind })[Symbol.asyncIterator]().next();
      await expect(first).rejects.toMatchObject({ reason: 'not-found' });
    }
    expect(peer.headers.map(({ headers }) => headers.accept)).toEqual([
      `${protobuf}, application/json`,
      `${protobuf}, application/json`,
      'application/json',
      'application/json',
    ]);
  });

  test('is read page by page, the next asked for while this one still arrives', async () => {
    let finishFirst: (() => void) | undefined;
    const events = await listOf((request, response) => {
      response.setHeader('content-type', protobuf);
      if (tokenOf(request) === null) {
        const body = inProtobuf('PodList', { metadata: { continue: 'next' }, items: [podNamed('first')] });
        response.write(body.subarray(0, -8));
        finishFirst = () => response.end(body.subarray(-8));
      } else {
        response.end(inProtobuf('PodList', { metadata: {}, items: [podNamed('second')] }));
        finishFirst?.();
      }
    });
    expect(events).toEqual([podNamed('first'), podNamed('second')]);
  });

  test('tells why a request was refused', async () => {
    const refusal = { status: 'Failure', message: 'pods is forbidden: no', reason: 'Forbidden', code: 403 };
    const reading = listOf((_, response) =>
      response.writeHead(403, { 'content-type': protobuf }).end(inProtobuf('Status', refusal)),
    );
    await expect(reading).rejects.toMatchObject({
      reason: 'forbidden',
      message: expect.stringContaining('pods is forbidden: no'),
    });
  });

  test('carries the token with which an expired list goes on', async () => {
    const events = await listOf((request, response) => {
      response.setHeader('content-type', protobuf);
      const token = tokenOf(request);
      if (token === null) response.end(inProtobuf('PodList', { metadata: { continue: 'second' } }));
      else if (token === 'second')
        response.writeHead(410).end(inProtobuf('Status', { metadata: { continue: 'late' }, code: 410 }));
      else response.end(inProtobuf('PodList', { items: [podNamed('rest')] }));
    });
    expect(events).toEqual(['restart', 'inconsistent', podNamed('rest')]);
    expect(tokens()).toEqual([null, 'second', null, 'second', 'late']);
  });

  test.each([
    ['a Status', inProtobuf('Status', { code: 200 })],
    ['another kind of list', inProtobuf('NodeList', { items: [] })],
    ['a single object', inProtobuf('Pod', podNamed('a'))],
    ['HTML', Buffer.from('<html>Sign in</html>')],
    ['JSON', Buffer.from(page([]))],
    ['no more than its first bytes', Buffer.from('k8s\0')],
    ['nothing', Buffer.alloc(0)],
  ])('that is %s is an error, never an empty list', async (_, body) => {
    const reading = listOf((__, response) => response.setHeader('content-type', protobuf).end(body), {
      retry: { budgetMs: 10, firstWaitMs: 1 },
    });
    await expect(reading).rejects.toMatchObject({
      reason: expect.stringMatching(/^(protocol|interrupted)$/),
    });
    await expect(reading).rejects.not.toThrow(/Sign in/);
  });
});

describe('410', () => {
  test('starts the list anew, once', async () => {
    let expiries = 0;
    const events = await listOf((request, response) => {
      if (tokenOf(request) === null) response.end(page(['first'], 'second'));
      else if ((expiries += 1) === 1) response.writeHead(410).end(expired('late'));
      else response.end(page(['second']));
    });
    expect(events).toEqual(['first', 'restart', 'first', 'second']);
  });

  test('then goes on with the inconsistent token, and says so', async () => {
    const events = await listOf((request, response) => {
      const token = tokenOf(request);
      if (token === null) response.end(page(['first'], 'second'));
      else if (token === 'second') response.writeHead(410).end(expired('late'));
      else response.end(page(['rest']));
    });
    expect(events).toEqual(['first', 'restart', 'first', 'inconsistent', 'rest']);
    expect(tokens()).toEqual([null, 'second', null, 'second', 'late']);
  });

  test.each([
    ['there is no such token', undefined],
    ['that token has expired too', 'second'],
  ])('fails when %s', async (_, late) => {
    const reading = listOf((request, response) => {
      if (tokenOf(request) === null) response.end(page(['first'], 'second'));
      else response.writeHead(410).end(expired(late));
    });
    await expect(reading).rejects.toMatchObject({ reason: 'expired', status: 410 });
    expect(tokens().length).toBeLessThan(7);
  });
});

describe('what heals', () => {
  const whole = page(['second']);
  const failures: [string, Script][] = [
    ['429', (_, response) => response.writeHead(429, { 'retry-after': '0' }).end(status(429))],
    ['503', (_, response) => response.writeHead(503).end('busy')],
    ['500', (_, response) => response.writeHead(500).end(status(500))],
    ['a reset', (request) => request.socket.destroy()],
    [
      'a reset in the middle',
      (request, response) => response.write(whole.slice(0, 20), () => request.socket.destroy()),
    ],
    ['a body that is cut short', (_, response) => response.end(whole.slice(0, 40))],
    [
      'a body shorter than announced',
      (request, response) => {
        response.setHeader('content-length', whole.length);
        response.write(whole.slice(0, 40), () => request.socket.end());
      },
    ],
    [
      'gzip that is cut short',
      (_, response) => response.setHeader('content-encoding', 'gzip').end(Buffer.from('1f8b0800', 'hex')),
    ],
  ];
  test.each(failures)('%s is tried again, with the same token', async (_, fail) => {
    let failed = false;
    const events = await listOf((request, response, count) => {
      if (tokenOf(request) === null) response.end(page(['first'], 'second'));
      else if (failed) response.end(whole);
      else {
        failed = true;
        fail(request, response, count);
      }
    });
    expect(events).toEqual(['first', 'second']);
    expect(tokens()).toEqual([null, 'second', 'second']);
  });

  test('waits as long as the server asks', async () => {
    const times: number[] = [];
    await listOf(
      (_, response, count) => {
        times.push(performance.now());
        if (count === 1) response.writeHead(429, { 'retry-after': '1' }).end(status(429));
        else response.end(page([]));
      },
      { retry: { budgetMs: 2000, firstWaitMs: 1 } },
    );
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(990);
  });

  test('not longer than the budget', async () => {
    const reading = listOf((_, response) =>
      response.writeHead(429, { 'retry-after': '3600' }).end(status(429)),
    );
    await expect(reading).rejects.toMatchObject({ reason: 'overloaded', status: 429 });
    expect(peer?.requests).toHaveLength(1);
  });

  test('not for ever', async () => {
    await expect(listOf((_, response) => response.writeHead(503).end())).rejects.toMatchObject({
      reason: 'server',
    });
    expect(peer?.requests.length).toBeGreaterThan(3);
    expect(peer?.requests.length).toBeLessThan(15);
  });
});

describe('an answer of 200 that is no list', () => {
  test.each([
    ['HTML', '<html>Sign in</html>', 'text/html'],
    ['HTML that claims to be JSON', '<html>Sign in</html>', 'application/json'],
    ['a Status', status(200), 'application/json'],
    ['a list without items', page(undefined), 'application/json'],
    ['items that are null', page(null), 'application/json'],
    ['another kind of list', page([]).replace('PodList', 'NodeList'), 'application/json'],
    ['a number', '7', 'application/json'],
    ['nothing', '', 'application/json'],
  ])('%s is an error, never an empty list', async (_, body, type) => {
    const reading = listOf((__, response) => response.setHeader('content-type', type).end(body));
    await expect(reading).rejects.toMatchObject({
      reason: expect.stringMatching(/^(protocol|interrupted)$/),
    });
    await expect(reading).rejects.not.toThrow(/Sign in/);
  });

  test('a redirection is not followed', async () => {
    const reading = listOf((_, response) =>
      response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    );
    await expect(reading).rejects.toMatchObject({ reason: 'protocol' });
    expect(peer?.requests).toHaveLength(1);
  });
});

const threeHundred: Script = (request, response) => {
  const start = Number(tokenOf(request) ?? 0);
  const end = Math.min(start + limitOf(request), 300);
  const items = Array.from({ length: end - start }, (_, index) => `${start + index}`.padEnd(100, 'x'));
  response.end(page(items, end < 300 ? String(end) : undefined));
};

describe('a page that is too large', () => {
  test('is asked for in smaller pages, and no object is lost', async () => {
    const events = await listOf(threeHundred, { maxResponseBytes: 10_000 });
    expect(events.map((item) => Number.parseInt(String(item), 10))).toEqual(
      Array.from({ length: 300 }, (_, i) => i),
    );
  });

  test('is asked for down to a single object', async () => {
    const limits: number[] = [];
    const script: Script = (request, response, count) => {
      limits.push(limitOf(request));
      threeHundred(request, response, count);
    };
    peer = await startPeer(script);
    const connection = await peer.connect({
      maxResponseBytes: 200,
      retry: { budgetMs: 0, firstWaitMs: 1 },
    });
    const query = { apiVersion: 'v1', kind: 'Pod' };
    const first = await connection.list('/api/v1/pods', query)[Symbol.asyncIterator]().next();
    expect(first.value).toMatchObject({ type: 'page', items: [expect.stringMatching(/^0x/)] });
    expect(limits.slice(0, 8)).toEqual([100, 50, 25, 13, 7, 4, 2, 1]);
  });

  test('ends in an error when one object alone is', async () => {
    await expect(listOf(threeHundred, { maxResponseBytes: 50 })).rejects.toMatchObject({
      reason: 'too-large',
    });
  });
});

test('403 is forbidden, in the words of the server', async () => {
  const body = status(403, { message: 'pods is forbidden: User "me" cannot list\u001b[31m' });
  const reading = listOf((_, response) => response.writeHead(403).end(body));
  await expect(reading).rejects.toMatchObject({
    reason: 'forbidden',
    status: 403,
    message: 'pods is forbidden: User "me" cannot list\\u001b[31m (/api/v1/pods)',
  });
});
