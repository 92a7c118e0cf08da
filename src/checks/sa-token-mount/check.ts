import { podSpecCheck, type Problem } from '../../kit/define-check.ts';
import { changeTo } from '../../kit/field.ts';
import { rbacSources, type Grant } from '../../kit/rbac.ts';
import {
  accountNameOf,
  accountsByName,
  automaticVolume,
  isAutomounted,
  requestedTokens,
  rightsOf,
} from '../../kit/service-accounts.ts';
import { objectTitle } from '../../kit/titles.ts';
import type { PodSpec, ServiceAccount, Volume } from '../../model.ts';

const member = 'automountServiceAccountToken';

export const saTokenMount = podSpecCheck({
  id: 'sa-token-mount',
  title: 'API token mounted only when needed',
  severity: 'medium',
  onNothing: 'not-applicable',
  needs: ['serviceAccounts', ...rbacSources],
  test(pod, { held, namespace, live, annotations }) {
    const name = accountNameOf(pod);
    const account = accountsByName(held.serviceAccounts).get(`${namespace}/${name}`);
    const use = useOf(rightsOf(held, namespace, name), annotations);
    const verdict = use === undefined ? ('fail' as const) : ('review' as const);
    const token = `a token of ServiceAccount ${name}`;
    const words = [
      use ?? 'No binding grants the account anything of its own: only a thief has a use for it.',
      account === undefined ? 'The account does not exist: no Pod can be made with it.' : '',
    ];

    const requested = requestedTokens(pod).map(({ volume, field }): Problem => ({
      field,
      message: sentences(`Volume ${volume.name} holds ${token}.`, ...words),
      verdict,
      fix: requestedFix,
    }));
    if (!isAutomounted(pod, live, account)) return requested;
    if (use !== undefined && isDecided(pod, account)) return requested;
    const volume = automaticVolume(pod);
    const isLeft = live && saysNo(pod, account);
    const automatic: Problem = {
      field: [member],
      message: sentences(
        `The containers get ${token}.`,
        isLeft ? 'The Pod is older than the setting that forbids it: one made anew gets none.' : '',
        ...words,
      ),
      verdict,
      fix: volume === undefined ? fixOf(pod, verdict) : fixWithout(volume),
    };
    return [automatic, ...requested];
  },
});

/** Whether a Pod that is made now gets no token. */
const saysNo = (pod: PodSpec, account: ServiceAccount | undefined): boolean =>
  (pod[member] ?? account?.[member]) === false;

/** The account gives nobody a token unasked, and this Pod asks: somebody has judged that it needs one. */
const isDecided = (pod: PodSpec, account: ServiceAccount | undefined): boolean =>
  pod[member] === true && account?.[member] === false;

/** What the token may be needed for, as sentences; undefined where nothing is known. */
function useOf(rights: readonly Grant[], annotations: Readonly<Record<string, string>>): string | undefined {
  const [first, ...others] = rights;
  if (first !== undefined) {
    const { kind, name } = first.binding.roleRef;
    const more = others.length > 0 ? `, and so do ${others.length} more` : '';
    return `${objectTitle(first.binding)} grants the account ${kind} ${name}${more}: does the Pod use it?`;
  }
  const isInjected = /^(1|t|true)$/i.test(annotations['vault.hashicorp.com/agent-inject'] ?? '');
  return isInjected ? 'The agent of Vault that is injected logs in with it.' : undefined;
}

const sentences = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join(' ');

const fixOf = (pod: PodSpec, verdict: 'fail' | 'review'): NonNullable<Problem['fix']> => ({
  risk: verdict === 'fail' ? 'safe' : 'review',
  changes: [changeTo(pod, [member], false)],
  note:
    verdict === 'fail'
      ? 'The API server lets the account do nothing, but another service may ask it whose the token is: look for a login by Kubernetes in the settings of the program.'
      : 'A program that calls the API server fails without the token: ask its owner first.',
});

/** The fields of the volume are not all read, so that no patch can take it out. */
const fixWithout = ({ name }: Volume): NonNullable<Problem['fix']> => ({
  action: 'none',
  risk: 'advice',
  note: `Volume ${name} with the token is part of the spec: make the Pod anew from a manifest without it and its mounts, with ${member}: false. A copy of the live Pod keeps the token.`,
});

const requestedFix: NonNullable<Problem['fix']> = {
  action: 'none',
  risk: 'advice',
  note: 'The Pod asks for this token itself: take volume and mounts out where nothing reads it, or give it the audience of the service that it is for.',
};
