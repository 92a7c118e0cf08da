/** What is taken from the objects that decide what may be created: whether, where and how each acts, and no more. */
import type {
  AdmissionRule,
  GatekeeperConstraint,
  IdRange,
  IdStrategy,
  KubewardenPolicy,
  KyvernoCelPolicy,
  KyvernoFilter,
  KyvernoMatch,
  KyvernoPolicy,
  LabelSelector,
  MatchResources,
  OpenShiftImageConfig,
  PodSecurityPolicy,
  SigstoreImagePolicy,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '../model.ts';
import { seLinuxOptions } from './pod-spec.ts';
import {
  annotationsLike,
  bool,
  from,
  int,
  list,
  object,
  orNothing,
  required,
  string,
  stringMap,
  strings,
} from './project.ts';

export const labelSelector = object<LabelSelector>({
  matchLabels: stringMap,
  matchExpressions: list(
    object<NonNullable<LabelSelector['matchExpressions']>[number]>({
      key: required(string),
      operator: required(string),
      values: strings,
    }),
  ),
});

// ---------------------------------------------------------------------------------------------------------
// PodSecurityPolicy

const range = object<IdRange>({ min: required(int), max: required(int) });
const idStrategy = object<IdStrategy>({ rule: string, ranges: list(range) });

type PspSpec = PodSecurityPolicy['spec'];

export const podSecurityPolicyFields = {
  annotations: from(
    ['metadata', 'annotations'],
    annotationsLike(/^(seccomp\.security\.alpha|apparmor\.security\.beta)\.kubernetes\.io\//),
  ),
  spec: orNothing(
    object<PspSpec>({
      privileged: bool,
      hostIPC: bool,
      hostPID: bool,
      hostNetwork: bool,
      hostPorts: list(range),
      allowPrivilegeEscalation: bool,
      defaultAllowPrivilegeEscalation: bool,
      readOnlyRootFilesystem: bool,
      defaultAddCapabilities: strings,
      allowedCapabilities: strings,
      requiredDropCapabilities: strings,
      volumes: strings,
      allowedHostPaths: list(
        object<NonNullable<PspSpec['allowedHostPaths']>[number]>({ pathPrefix: string, readOnly: bool }),
      ),
      allowedFlexVolumes: list(object<{ driver?: string }>({ driver: string })),
      allowedCSIDrivers: list(object<{ name?: string }>({ name: string })),
      runAsUser: idStrategy,
      runAsGroup: idStrategy,
      fsGroup: idStrategy,
      supplementalGroups: idStrategy,
      seLinux: object<NonNullable<PspSpec['seLinux']>>({ rule: string, seLinuxOptions }),
      allowedUnsafeSysctls: strings,
      forbiddenSysctls: strings,
      allowedProcMountTypes: strings,
      runtimeClass: object<NonNullable<PspSpec['runtimeClass']>>({
        allowedRuntimeClassNames: strings,
        defaultRuntimeClassName: string,
      }),
    }),
  ),
};

// ---------------------------------------------------------------------------------------------------------
// What the API server itself has: ValidatingAdmissionPolicy and webhooks

const rule = object<AdmissionRule>({
  operations: strings,
  apiGroups: strings,
  apiVersions: strings,
  resources: strings,
  resourceNames: strings,
  scope: string,
});

const matchResources = object<MatchResources>({
  namespaceSelector: labelSelector,
  objectSelector: labelSelector,
  resourceRules: list(rule),
  excludeResourceRules: list(rule),
});

const matchConditions = list(object<{ name?: string }>({ name: string }));

export const validatingAdmissionPolicyFields = {
  spec: orNothing(
    object<ValidatingAdmissionPolicy['spec']>({
      failurePolicy: string,
      matchConstraints: matchResources,
      matchConditions,
    }),
  ),
};

export const validatingAdmissionPolicyBindingFields = {
  spec: orNothing(
    object<ValidatingAdmissionPolicyBinding['spec']>({
      policyName: string,
      validationActions: strings,
      matchResources,
      paramRef: object<NonNullable<ValidatingAdmissionPolicyBinding['spec']['paramRef']>>({
        parameterNotFoundAction: string,
      }),
    }),
  ),
};

type Webhook = NonNullable<ValidatingWebhookConfiguration['webhooks']>[number];

export const validatingWebhookConfigurationFields = {
  webhooks: list(
    object<Webhook>({
      name: required(string),
      rules: list(rule),
      failurePolicy: string,
      namespaceSelector: labelSelector,
      objectSelector: labelSelector,
      matchConditions,
      clientConfig: object<NonNullable<Webhook['clientConfig']>>({
        service: object<{ namespace?: string; name?: string }>({ namespace: string, name: string }),
      }),
    }),
  ),
};

// ---------------------------------------------------------------------------------------------------------
// Policy engines

const filterFields = {
  resources: object<NonNullable<KyvernoFilter['resources']>>({
    kinds: strings,
    namespaces: strings,
    names: strings,
    operations: strings,
    namespaceSelector: labelSelector,
    selector: labelSelector,
  }),
};
const filters = list(object<KyvernoFilter>(filterFields));
const kyvernoMatch = object<KyvernoMatch>({ ...filterFields, any: filters, all: filters });

type KyvernoSpec = KyvernoPolicy['spec'];
type KyvernoRule = NonNullable<KyvernoSpec['rules']>[number];

const actionOverrides = list(
  object<NonNullable<KyvernoSpec['validationFailureActionOverrides']>[number]>({
    action: string,
    namespaces: strings,
    namespaceSelector: labelSelector,
  }),
);

export const kyvernoPolicyFields = {
  spec: orNothing(
    object<KyvernoSpec>({
      validationFailureAction: string,
      validationFailureActionOverrides: actionOverrides,
      admission: bool,
      rules: list(
        object<KyvernoRule>({
          name: string,
          match: kyvernoMatch,
          exclude: kyvernoMatch,
          validate: object<NonNullable<KyvernoRule['validate']>>({
            failureAction: string,
            failureActionOverrides: actionOverrides,
          }),
          verifyImages: list(object<{ failureAction?: string }>({ failureAction: string })),
        }),
      ),
    }),
  ),
};

export const kyvernoCelPolicyFields = {
  spec: orNothing(
    object<KyvernoCelPolicy['spec']>({
      validationActions: strings,
      matchConstraints: matchResources,
      matchConditions,
      evaluation: object<NonNullable<KyvernoCelPolicy['spec']['evaluation']>>({
        mode: string,
        admission: object<{ enabled?: boolean }>({ enabled: bool }),
      }),
    }),
  ),
};

type ConstraintSpec = GatekeeperConstraint['spec'];
type ScopedAction = NonNullable<ConstraintSpec['scopedEnforcementActions']>[number];
type ConstraintMatch = NonNullable<ConstraintSpec['match']>;

export const gatekeeperConstraintFields = {
  spec: orNothing(
    object<ConstraintSpec>({
      enforcementAction: string,
      scopedEnforcementActions: list(
        object<ScopedAction>({
          action: string,
          enforcementPoints: list(object<{ name?: string }>({ name: string })),
        }),
      ),
      match: object<ConstraintMatch>({
        kinds: list(
          object<NonNullable<ConstraintMatch['kinds']>[number]>({ apiGroups: strings, kinds: strings }),
        ),
        namespaces: strings,
        excludedNamespaces: strings,
        namespaceSelector: labelSelector,
        labelSelector,
        name: string,
        scope: string,
      }),
    }),
  ),
};

export const kubewardenPolicyFields = {
  spec: orNothing(
    object<KubewardenPolicy['spec']>({
      mode: string,
      rules: list(rule),
      namespaceSelector: labelSelector,
      objectSelector: labelSelector,
      matchConditions,
    }),
  ),
  status: object<NonNullable<KubewardenPolicy['status']>>({ policyStatus: string }),
};

export const sigstoreImagePolicyFields = {
  spec: orNothing(object<SigstoreImagePolicy['spec']>({ mode: string })),
};

type ImageConfigSpec = NonNullable<OpenShiftImageConfig['spec']>;

export const openShiftImageConfigFields = {
  spec: object<ImageConfigSpec>({
    registrySources: object<NonNullable<ImageConfigSpec['registrySources']>>({
      allowedRegistries: strings,
      blockedRegistries: strings,
    }),
  }),
};
