import { clusterCheck } from '../../kit/define-check.ts';
import { selects } from '../../kit/label-selector.ts';
import { objectTitle, someOf } from '../../kit/titles.ts';
import type {
  GatekeeperConstraint,
  Held,
  HeldSource,
  KubeObject,
  KyvernoCelPolicy,
  KyvernoPolicy,
  SigstoreImagePolicy,
} from '../../model.ts';

const policySources = [
  'sigstoreImagePolicies',
  'kyvernoClusterPolicies',
  'kyvernoPolicies',
  'kyvernoImageValidatingPolicies',
  'gatekeeperConstraints',
  'openShiftImageConfigs',
] as const satisfies readonly HeldSource[];
const needs = ['namespaces', 'validatingWebhookConfigurations', ...policySources] as const;
type ProvenanceHeld = Pick<Held, (typeof needs)[number]>;

/** A policy about where images come from, and why it refuses nothing in the cluster as a whole; without a gap it does. */
interface Verifier {
  policy: KubeObject;
  gap: string | undefined;
}

export const imageProvenance = clusterCheck({
  id: 'image-provenance',
  title: 'Image admission verifies provenance',
  severity: 'medium',
  onNothing: 'manual',
  needs,
  optional: policySources,
  test(held) {
    const verifiers = verifiersIn(held);
    const denying = verifiers.filter(({ gap }) => gap === undefined);
    if (denying.length > 0) return { evaluated: denying.map(({ policy }) => policy), problems: [] };
    return {
      evaluated: verifiers.map(({ policy }) => policy),
      problems: verifiers.flatMap(({ policy, gap }) =>
        gap === undefined
          ? []
          : [
              {
                object: policy,
                field: [],
                verdict: 'review' as const,
                message: `It judges where images come from, but ${gap}.`,
              },
            ],
      ),
      evidence: evidenceOf(held),
    };
  },
});

const verifiersIn = (held: ProvenanceHeld): Verifier[] => [
  ...held.sigstoreImagePolicies.map((policy) => ({ policy, gap: sigstoreGap(policy, held) })),
  ...held.kyvernoClusterPolicies
    .filter(verifiesImages)
    .map((policy) => ({ policy, gap: kyvernoGap(policy) })),
  ...held.kyvernoPolicies.filter(verifiesImages).map((policy) => ({
    policy,
    gap: kyvernoGap(policy) ?? 'holds in its own namespace alone',
  })),
  ...held.kyvernoImageValidatingPolicies.map((policy) => ({ policy, gap: kyvernoCelGap(policy) })),
  ...held.gatekeeperConstraints
    .filter(({ kind }) => /ratify/i.test(kind))
    .map((policy) => ({ policy, gap: gatekeeperGap(policy) })),
  ...held.openShiftImageConfigs
    .filter(({ spec }) => (spec?.registrySources?.allowedRegistries ?? []).length > 0)
    .map((policy) => ({ policy, gap: undefined })),
];

/** The policies are asked about in the namespaces that the engine's webhook selects: by default none, until they are labelled. */
function sigstoreGap({ spec }: SigstoreImagePolicy, held: ProvenanceHeld): string | undefined {
  if (spec.mode === 'warn') return 'only warns (mode: warn)';
  const webhooks = held.validatingWebhookConfigurations
    .flatMap((configuration) => configuration.webhooks ?? [])
    .filter(({ name }) => name === 'policy.sigstore.dev');
  const isAsked = held.namespaces.some(({ metadata }) =>
    webhooks.some(({ namespaceSelector = {} }) => selects(namespaceSelector, metadata.labels)),
  );
  return isAsked ? undefined : 'webhook policy.sigstore.dev asks about no namespace';
}

const verifiesImages = ({ spec }: KyvernoPolicy): boolean =>
  spec.rules?.some(({ verifyImages = [] }) => verifyImages.length > 0) ?? false;

function kyvernoGap({ spec }: KyvernoPolicy): string | undefined {
  if (spec.admission === false) return 'is not asked at admission (admission: false)';
  const actions = (spec.rules ?? [])
    .flatMap(({ verifyImages = [] }) => verifyImages)
    .map(({ failureAction }) => failureAction ?? spec.validationFailureAction ?? 'Audit');
  return actions.some((action) => action.toLowerCase() === 'enforce') ? undefined : 'only reports (Audit)';
}

/** Without actions Kyverno denies. */
function kyvernoCelGap({ spec }: KyvernoCelPolicy): string | undefined {
  if (spec.evaluation?.admission?.enabled === false) return 'is not asked at admission';
  const { validationActions = ['Deny'] } = spec;
  return validationActions.includes('Deny') ? undefined : `only does this: ${validationActions.join(', ')}`;
}

function gatekeeperGap({ spec }: GatekeeperConstraint): string | undefined {
  const { enforcementAction = 'deny', scopedEnforcementActions = [] } = spec;
  const isScoped = enforcementAction === 'scoped';
  const denies = isScoped
    ? scopedEnforcementActions.some(({ action }) => action === 'deny')
    : enforcementAction === 'deny';
  return denies ? undefined : `only does this: ${enforcementAction}`;
}

/** Engines whose policies are not read: they are known by the names of their webhooks alone. */
const otherEngine = /ratify|connaisseur|portieris|image-?(policy|verif|signature)|notation|cosign/i;

function evidenceOf({ validatingWebhookConfigurations }: ProvenanceHeld): string {
  const names = validatingWebhookConfigurations
    .filter(({ metadata, webhooks = [] }) =>
      [metadata, ...webhooks].some(({ name }) => otherEngine.test(name)),
    )
    .map(objectTitle);
  const seen =
    names.length === 0
      ? 'Nothing that the API shows refuses images for where they come from.'
      : `By its name this may verify images: ${someOf(names)}.`;
  return `${seen} The API server's own ImagePolicyWebhook and what the cloud does are not to be seen here: follow the test plan.`;
}
