import type {
  Change,
  Field,
  Fix,
  Held,
  HeldSource,
  KubeObject,
  ObjectRef,
  ObjectsBySource,
  Platform,
  PodSpec,
  Severity,
  Workload,
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
  /**
   * Several alike in one finding (the same grant in many namespaces): each of them, the problem's own object first.
   * Fields are relative to the member's object. A member has a message of its own where the problem's names another, or
   * how many there are: an exemption or an audience may leave that one alone.
   */
  members?: { object: KubeObject; field: Field; message?: string; fix?: Problem['fix'] }[];
  /** The change that puts it right, without its target: the engine knows the object, its owner and whether it can be patched. */
  fix?: Omit<Fix, 'target' | 'action'> & {
    /** Not over pod specs: what must change, where that is not the object at fault (a policy that lets a Pod out). */
    target?: KubeObject;
    action?: 'patch' | 'create' | 'delete' | 'none';
    /** Over pod specs: changes that begin in the metadata, next to those that begin where the field does. */
    metadataChanges?: Change[];
  };
}

/** What a check over pod specs may know besides the spec. */
export interface PodContext<N extends HeldSource = never> {
  /** Those annotations of the Pod or its template that set a profile or have secrets injected. */
  annotations: Readonly<Record<string, string>>;
  /** The namespace of the workload. */
  namespace: string;
  /** True for a Pod that an API server has taken in, false for a template or a Pod in a manifest. */
  live: boolean;
  /** Minor version of the API server (of Kubernetes 1); rules of the Pod Security Standards depend on it. */
  minor: number;
  platform: Platform;
  /** The other sources that the check needs. */
  held: Pick<Held, N>;
}

/** What a check over objects or the cluster may know besides the objects. */
export interface ClusterContext {
  minor: number;
  platform: Platform;
}

interface CheckBase {
  /** kebab-case; names the folder, and stands in reports, exemptions and benchmark data for ever. */
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  /** The verdict when there is nothing to look at. */
  readonly onNothing: 'pass' | 'not-applicable' | 'manual';
  /**
   * What takes the place of `pass`, and of `exempt`: the API shows only part of the answer, so a check that finds nothing
   * there has not answered yet, and the test plan goes on.
   */
  readonly otherwise?: 'manual';
  /** The platforms it is about, where not all: elsewhere it is not applicable. */
  readonly platforms?: readonly Platform[];
}

/** What a check reads besides what it judges. */
interface Needs<N extends HeldSource> {
  /** Judged against these: where one was not read completely, nothing is judged and the check is not assessed. */
  readonly needs: readonly N[];
  /** Of the needs those that count as empty, not as a reason to skip the check, where the API server does not have them. */
  readonly optional?: readonly N[];
  /**
   * Of what it reads that which only adds to the words of a finding, or makes it milder: the verdict stands without it, so
   * the check goes on with as much of it as was read.
   */
  readonly beside?: readonly (N | 'pods')[];
}

/** Over the pod spec of every workload and every live Pod. */
export interface PodSpecCheck<N extends HeldSource = HeldSource> extends CheckBase, Partial<Needs<N>> {
  readonly shape: 'podSpec';
  /** False where the rule has no meaning (a Linux field on a Windows Pod); the object then is not counted. */
  applies?(pod: PodSpec, context: PodContext<N>): boolean;
  test(pod: PodSpec, context: PodContext<N>): Problem[];
}

/** Over each object of one source, with other sources at hand. */
export interface ObjectCheck<S extends HeldSource = HeldSource, N extends HeldSource = HeldSource>
  extends CheckBase, Needs<N> {
  readonly shape: 'object';
  readonly source: S;
  test(object: ObjectsBySource[S], held: Pick<Held, N>, context: ClusterContext): Problem[];
}

/** What streams past once and is not held: the live Pods, each with the workload it belongs to. */
export interface PodFold<A, N extends HeldSource = HeldSource> {
  /** A new, empty summary. */
  start(held: Pick<Held, N>): A;
  /**
   * Takes in one live Pod that has not ended. Pods alike, one after the other, share one `podSpec` object: what was
   * computed of it can be remembered by it.
   */
  add(summary: A, pod: Workload, owner: ObjectRef): void;
}

/** Over the cluster as a whole. */
export interface ClusterCheck<N extends HeldSource = HeldSource, A = unknown> extends CheckBase, Needs<N> {
  readonly shape: 'cluster';
  /**
   * True where a finding may rest on an object not being there: then nothing is judged unless every need was read
   * completely. Otherwise what was read is judged, for more objects could only mean more findings.
   */
  readonly absenceCounts?: boolean;
  /**
   * True where what it says of a namespace rests on that namespace alone: one that could not be read does not keep the
   * others from being judged.
   */
  readonly byNamespace?: boolean;
  /** Of a check that also looks at the live Pods; `test` gets the summary of all. Checks with the same fold share one. */
  readonly pods?: PodFold<A, N>;
  /**
   * `evaluated` are the objects judged; each problem names its object. `evidence` is a sentence for the person who must
   * decide, where the result is manual: what the API shows.
   */
  test(
    held: Pick<Held, N>,
    context: ClusterContext & { pods: A },
  ): {
    evaluated: readonly KubeObject[];
    problems: (Problem & { object: KubeObject })[];
    evidence?: string;
  };
}

/** The API cannot answer; the test plan is the answer. */
export interface ManualCheck extends CheckBase {
  readonly shape: 'manual';
}

export type Check = PodSpecCheck | ObjectCheck | ClusterCheck | ManualCheck;

/** The test sees no source but those it needs: anything else is a type error. */
export const podSpecCheck = <N extends HeldSource = never>(check: Omit<PodSpecCheck<N>, 'shape'>): Check =>
  ({ shape: 'podSpec', ...check }) as unknown as Check;

/** The test sees no source but its own and those it needs. */
export const objectCheck = <S extends HeldSource, N extends HeldSource = never>(
  check: Omit<ObjectCheck<S, N>, 'shape'>,
): Check => ({ shape: 'object', ...check }) as unknown as Check;

export const clusterCheck = <N extends HeldSource, A = undefined>(
  check: Omit<ClusterCheck<N, A>, 'shape'>,
): Check => ({ shape: 'cluster', ...check }) as unknown as Check;

export const manualCheck = (check: Omit<ManualCheck, 'shape'>): Check => ({ shape: 'manual', ...check });
