import type {
  Change,
  Field,
  Fix,
  Held,
  HeldSource,
  KubeObject,
  ObjectsBySource,
  Platform,
  PodSpec,
  Severity,
} from '../model.ts';

/** What a check says is wrong. Fields are relative to what the check was given: the pod spec, or the object. */
export interface Problem {
  /** Where; empty for the object as a whole. */
  field: Field;
  /** Over pod specs: what the field (and those of the changes) begins in, where that is not the spec: an annotation. */
  base?: 'metadata';
  message: string;
  /** Where it differs from the check's default. */
  severity?: Severity;
  /** `review` when a person must judge; `fail` if absent. */
  verdict?: 'fail' | 'review';
  /**
   * What recognises it from one run to the next, where that is not the object and the field: for a grant the subject
   * and the role, whatever the binding is called.
   */
  identity?: readonly string[];
  /** The change that puts it right, without its target: the engine knows the object, its owner and whether it can be patched. */
  fix?: Omit<Fix, 'target' | 'action'> & {
    action?: 'patch' | 'create' | 'delete' | 'none';
    /** Over pod specs: changes that begin in the metadata, next to those that begin where the field does. */
    metadataChanges?: Change[];
  };
}

/** What a check over pod specs may know besides the spec. */
export interface PodContext {
  /** Those annotations of the Pod or its template that set a seccomp or AppArmor profile. */
  annotations: Readonly<Record<string, string>>;
  /** Minor version of the API server (of Kubernetes 1); rules of the Pod Security Standards depend on it. */
  minor: number;
  platform: Platform;
}

interface CheckBase {
  /** kebab-case; names the folder, and stands in reports, exemptions and benchmark data for ever. */
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** The verdict when there is nothing to look at. */
  readonly onNothing: 'pass' | 'not-applicable';
}

/** Over the pod spec of every workload and every live Pod. */
export interface PodSpecCheck extends CheckBase {
  readonly shape: 'podSpec';
  /** False where the rule has no meaning (a Linux field on a Windows Pod); the object then is not counted. */
  applies?(pod: PodSpec, context: PodContext): boolean;
  test(pod: PodSpec, context: PodContext): Problem[];
}

/** Over each object of one source, with other sources at hand. */
export interface ObjectCheck<
  S extends HeldSource = HeldSource,
  N extends HeldSource = HeldSource,
> extends CheckBase {
  readonly shape: 'object';
  readonly source: S;
  readonly needs: readonly N[];
  test(object: ObjectsBySource[S], held: Pick<Held, N>): Problem[];
}

/** Over the cluster as a whole. */
export interface ClusterCheck<N extends HeldSource = HeldSource> extends CheckBase {
  readonly shape: 'cluster';
  readonly needs: readonly N[];
  /** `evaluated` counts the objects judged; each problem names its object. */
  test(held: Pick<Held, N>): { evaluated: number; problems: (Problem & { object: KubeObject })[] };
}

/** The API cannot answer; the test plan is the answer. */
export interface ManualCheck extends CheckBase {
  readonly shape: 'manual';
}

export type Check = PodSpecCheck | ObjectCheck | ClusterCheck | ManualCheck;

export const podSpecCheck = (check: Omit<PodSpecCheck, 'shape'>): Check => ({ shape: 'podSpec', ...check });

/** The test sees no source but its own and those it needs: anything else is a type error. */
export const objectCheck = <S extends HeldSource, N extends HeldSource = never>(
  check: Omit<ObjectCheck<S, N>, 'shape'>,
): Check => ({ shape: 'object', ...check }) as unknown as Check;

export const clusterCheck = <N extends HeldSource>(check: Omit<ClusterCheck<N>, 'shape'>): Check =>
  ({ shape: 'cluster', ...check }) as unknown as Check;

export const manualCheck = (check: Omit<ManualCheck, 'shape'>): Check => ({ shape: 'manual', ...check });
