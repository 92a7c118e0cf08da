/**
 * The floor of a scan: what it costs a Node process to download the same lists, 500 objects a page, over one kept-alive connection,
 * and throw them away. `node bench/floor.ts SERVER PATH...`, with TOKEN and CA_FILE in the environment.
 */
import { readFileSync } from 'node:fs';
import { Agent, get, type RequestOptions } from 'node:https';

const [server = '', ...paths] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const options: RequestOptions = {
  agent,
  ca: readFileSync(process.env['CA_FILE'] ?? ''),
  // For curl and browsers the API server indents its answers, which doubles them.
  headers: {
    authorization: `Bearer ${process.env['TOKEN']}`,
    'user-agent': 'floor',
    accept: 'application/json',
  },
};

/** Downloads one page; resolves with the token of the next, which stands before the items, or undefined after the last. */
function page(path: string): Promise<string | undefined> {
  return new Promise((done, failed) => {
    const request = get(new URL(path, server), options, (response) => {
      if (response.statusCode !== 200) failed(new Error(`${path} answered ${response.statusCode}`));
      let head = '';
      response.on('data', (chunk: Buffer) => {
        if (head.length < 1000) head += chunk.toString('latin1');
      });
      response.once('end', () => done(/"continue":"([^"]+)"/.exec(head.slice(0, 1000))?.[1]));
    });
    request.once('error', failed);
  });
}

for (const path of paths) {
  let token: string | undefined;
  do {
    const query = token === undefined ? '' : `&continue=${encodeURIComponent(token)}`;
    token = await page(`${path}?limit=500${query}`);
  } while (token !== undefined);
}
agent.destroy();
