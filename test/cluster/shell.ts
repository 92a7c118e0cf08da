import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect } from 'vitest';
import type { ControlPlane } from '../servers/control-plane.ts';

export interface Shell {
  /** Pastes the lines into bash; they must succeed. Returns what they printed. */
  succeed(script: string): Promise<string>;
  /** Pastes the lines into bash; they must fail. Returns the error messages. */
  refuse(script: string): Promise<string>;
  close(): void;
}

/**
 * A bash whose kubectl talks to the control plane, in a folder of its own. It asks about a rollout once instead of
 * waiting for it: no node is there to run anything.
 */
export function openShell(cluster: ControlPlane): Shell {
  const folder = mkdtempSync(join(tmpdir(), 'passmuster-shell-'));
  const kubectl = join(folder, 'kubectl');
  writeFileSync(
    kubectl,
    '#!/bin/bash\n[ "$1" = rollout ] && set -- "$@" --watch=false\nexec "$KUBECTL" "$@"\n',
  );
  chmodSync(kubectl, 0o755);
  const env = {
    HOME: folder,
    LC_ALL: 'C.UTF-8',
    PATH: `${folder}${delimiter}${process.env['PATH']}`,
    KUBECTL: cluster.kubectlPath,
    KUBECONFIG: cluster.kubeconfig,
    KUBERC: 'off',
  };
  const run = (script: string) =>
    new Promise<{ code: number | null; stdout: string; stderr: string }>((done, failed) => {
      const child = spawn('bash', ['--norc', '-c', script], {
        cwd: folder,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let [stdout, stderr] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', (part: string) => (stdout += part));
      child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part));
      child.once('error', failed).once('close', (code) => done({ code, stdout, stderr }));
    });
  return {
    succeed: async (script) => {
      const { code, stdout, stderr } = await run(script);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      return stdout;
    },
    refuse: async (script) => {
      const { code, stderr } = await run(script);
      expect({ code, stderr }).not.toMatchObject({ code: 0 });
      return stderr;
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
