/**
 * `npm run demo`: audits the sample cluster of examples/ and mails the report, with the program as people run it, and
 * against servers of its own on loopback: no cluster and no network are needed.
 *
 * `npm run demo -- --serve` keeps the sample cluster running for scans by hand.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import type { ApiServer } from '../test/servers/api-server.ts';
import { startSampleCluster } from '../test/servers/sample-cluster.ts';
import { startSmtpServer } from '../test/servers/smtp-server.ts';
import { selfSigned } from '../test/servers/tls.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

async function demo({ kubeconfig }: ApiServer, out: string): Promise<number> {
  mkdirSync(out, { recursive: true });
  const file = (name: string): string => join(out, name);

  const certificate = await selfSigned();
  const mailServer = await startSmtpServer({ tls: certificate });
  try {
    writeFileSync(file('smtp-ca.pem'), certificate.cert);
    writeFileSync(file('config.yaml'), stringify(configFor(mailServer.port)));

    const report = ['-o', 'table', '-o', `html=${file('report.html')}`, '-o', `json=${file('report.json')}`];
    const scanned = await passmuster(
      'scan',
      '--kubeconfig',
      kubeconfig,
      '-c',
      file('config.yaml'),
      ...report,
    );
    if (scanned !== 0) return scanned;
    const sent = await passmuster(
      'send',
      '--quiet',
      '-c',
      file('config.yaml'),
      '--report',
      file('report.json'),
    );
    if (sent !== 0) return sent;
    for (const { raw } of mailServer.received) writeFileSync(file('mail.eml'), raw);
  } finally {
    await mailServer.stop();
  }

  const shown = (name: string): string => relative(process.cwd(), file(name));
  console.log(`
This was the sample cluster of examples/, audited and mailed by ${shown('config.yaml')}.

  ${shown('report.html')}   the report: open it in a browser
  ${shown('mail.eml')}      the mail: open it in a mail program
  ${shown('report.json')}   the same as data: npm run -s passmuster -- render ${shown('report.json')} -o wide

Next: npm run -s passmuster -- scan          the cluster of your current kubeconfig context
      npm run demo -- --serve                the sample cluster, for scans by hand`);
  return 0;
}

/** A configuration as an operator would write it, with the embedded mail server in it. */
const configFor = (port: number) => ({
  apiVersion: 'passmuster/v1',
  kind: 'Config',
  channels: [
    {
      name: 'mail',
      type: 'smtp',
      host: '127.0.0.1',
      port,
      caFile: 'smtp-ca.pem',
      from: 'Passmuster <passmuster@orchard.example>',
    },
  ],
  audiences: [{ name: 'platform', channel: 'mail', to: ['platform@orchard.example'] }],
  exemptions: [
    {
      check: 'host-network',
      namespace: 'kube-system',
      kind: 'DaemonSet',
      name: 'azure-cns',
      reason: 'The network plugin sets up the network of the other Pods.',
      owner: 'platform-engineers',
      expires: new Date(Date.now() + 180 * 86_400_000).toISOString().slice(0, 10),
    },
  ],
});

/** Runs the program from source and resolves with its exit code; settings in the environment are not the demo's. */
async function passmuster(...args: string[]): Promise<number> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('PASSMUSTER_')),
  );
  const program = [join(root, 'src/cli/main.ts'), ...args];
  const [code] = await once(spawn(process.execPath, program, { stdio: 'inherit', env }), 'exit');
  return typeof code === 'number' ? code : 1;
}

async function serve({ kubeconfig }: ApiServer): Promise<number> {
  console.log(`The sample cluster is running until you press Ctrl-C. In another terminal:

  export KUBECONFIG=${kubeconfig}
  npm run -s passmuster -- scan
  npm run -s passmuster -- scan --context admin   # who may read everything, unlike the auditor
  kubectl --context admin get pods -A`);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  return 0;
}

const { values } = parseArgs({
  options: {
    serve: { type: 'boolean', default: false },
    out: { type: 'string', default: join(root, 'out/demo') },
  },
});
const cluster = await startSampleCluster();
try {
  process.exitCode = values.serve ? await serve(cluster) : await demo(cluster, values.out);
} finally {
  await cluster.stop();
}
