import type { Check, ObjectCheck, PodContext, Problem } from '../kit/define-check.ts';
import {
  podSpecSources,
  severities,
  templateSources,
  type CheckResult,
  type Collection,
  type Finding,
  type Guidance,
  type HeldSource,
  type KubeObject,
  type PodSink,
  type SourceName,
  type SourceOutcome,
  type Workload,
} from '../model.ts';
import { exemptionBook, type Exemption } from './exemptions.ts';
import { objectFinding, podSpecFinding } from './findings.ts';
import { addPods, guarded, keep, ledgerOf, openLedgers, type Ledger, type Ledgers } from './ledger.ts';
import { namespaceResults, type Judgement } from './namespaces.ts';
import { ownerResolver, refOf, type TopOwner } from './owners.ts';
import { assessability, conclude, type Assessability } from './status.ts';

export interface EvaluationOptions {
  checks: readonly Check[];
  guidance: (checkId: string) => Guidance;
  exemptions: readonly Exemption[];
  now: Date;
}

/**
 * Evaluates everything held at once, then the pods as they stream into the returned sink; nothing of a pod is kept
 * but what it was found guilty of. A check that throws is not assessed; nothing else is disturbed by it.
 */
export function startEvaluation(collection: Collection, options: EvaluationOptions) {
  const { held } = collection;
  const { platform, version } = collection.cluster;
  const minor = minorOf(version);
  const topOwner = ownerResolver(held);
  const podChecks = options.checks.filter((check) => check.shape === 'podSpec');
  const heldLedgers = openLedgers(options.checks);
  // Kept apart from what is held, so that a list of pods that starts anew can be forgotten.
  let podLedgers = openLedgers(podChecks);

  let previousPod: { key: string; drifting: readonly Finding[] } | undefined;

  for (const source of templateSources) {
    for (const workload of held[source]) {
      if (isTemplateInUse(workload)) judgePodSpec(heldLedgers, workload);
    }
  }
  for (const check of options.checks) {
    const ledger = ledgerOf(heldLedgers, check);
    guarded(
      ledger,
      () => 'the cluster',
      () => {
        if (check.shape === 'object') judgeObjects(check, ledger);
        if (check.shape === 'cluster') {
          const { evaluated, problems } = check.test(held);
          for (let i = 0; i < evaluated; i += 1) ledger.evaluated.set(`#${i}`, undefined);
          for (const problem of problems) record(ledger, problem.object, problem, check);
        }
      },
    );
  }

  /** @returns the findings by which a Pod differs from its template */
  function judgePodSpec(ledgers: Ledgers, workload: Workload, owner = topOwner(workload)): Finding[] {
    const { podSpec } = workload;
    if (podSpec === undefined) return [];
    const objectKey = keyOf(owner);
    const context: PodContext = { annotations: workload.podAnnotations ?? {}, minor, platform };
    const drifting: Finding[] = [];
    for (const check of podChecks) {
      const ledger = ledgerOf(ledgers, check);
      guarded(
        ledger,
        () => nameOf(workload),
        () => {
          if (check.applies?.(podSpec, context) === false) return;
          // Nearly every Pod's owner was judged by its template: it is not held twice.
          const known = ledgerOf(heldLedgers, check).evaluated;
          if (!known.has(objectKey)) ledger.evaluated.set(objectKey, owner.ref.namespace);
          for (const problem of check.test(podSpec, context)) {
            const finding = addPodSpecFinding(check, ledger, workload, owner, problem);
            if (finding?.drift !== undefined) drifting.push(finding);
          }
        },
      );
    }
    return drifting;
  }

  /** A list has the Pods of one template side by side, and mostly alike: what was judged a moment ago is not judged again. */
  function judgePod(pod: Workload): void {
    const owner = topOwner(pod);
    const key = `${keyOf(owner)} ${shapeOf(pod)}`;
    if (previousPod?.key === key) {
      for (const { drift } of previousPod.drifting) if (drift !== undefined) drift.pods += 1;
      return;
    }
    previousPod = { key, drifting: judgePodSpec(podLedgers, pod, owner) };
  }

  /** Findings of a template come first; a Pod's merge into them, or else are drift. */
  function addPodSpecFinding(
    check: Check,
    ledger: Ledger,
    workload: Workload,
    owner: TopOwner,
    problem: Problem,
  ): Finding | undefined {
    const finding = podSpecFinding(check, workload, owner, problem);
    const isLivePod = workload.kind === 'Pod' && owner.ref.kind !== 'Pod';
    if (isLivePod && ledgerOf(heldLedgers, check).findings.has(finding.id)) return undefined;
    const known = ledger.findings.get(finding.id);
    if (known !== undefined) {
      if (known.finding.drift !== undefined) known.finding.drift.pods += 1;
      return known.finding;
    }
    // A custom controller's template is not listed, so there is nothing the Pod could differ from.
    if (isLivePod && owner.object !== undefined) finding.drift = { pods: 1, example: workload.metadata.name };
    keep(ledger, finding, keyOf(owner));
    return finding;
  }

  function judgeObjects(check: ObjectCheck, ledger: Ledger): void {
    for (const object of held[check.source]) {
      ledger.evaluated.set(objectKey(object), namespaceOf(object));
      for (const problem of check.test(object, held)) record(ledger, object, problem, check);
    }
  }

  const sink: PodSink = {
    page(pods) {
      for (const pod of pods) {
        if (pod.phase !== 'Succeeded' && pod.phase !== 'Failed') judgePod(pod);
      }
    },
    restart() {
      previousPod = undefined;
      podLedgers = openLedgers(podChecks);
    },
  };

  /** The results in the order of the checks, once the list of pods has ended. */
  function finish(podOutcome: SourceOutcome) {
    const outcomes: Record<SourceName, SourceOutcome> = { ...collection.outcomes, pods: podOutcome };
    const book = exemptionBook(options.exemptions, options.now);
    const judgements: Judgement[] = [];
    for (const [check, ledger] of podLedgers) addPods(ledgerOf(heldLedgers, check), ledger);
    const checks = options.checks.map((check): CheckResult => {
      const ledger = ledgerOf(heldLedgers, check);
      const entries = [...ledger.findings.values()].map(({ finding, objectKey: key }) => ({
        key,
        finding: book.apply(check.id, finding),
      }));
      const findings = entries.map(({ finding }) => finding).toSorted(worstFirst);
      const openObjects = new Set(
        entries.filter(({ finding }) => finding.state === 'open').map(({ key }) => key),
      );
      const exemptObjects = new Set(entries.map(({ key }) => key).filter((key) => !openObjects.has(key)));
      const evaluated = ledger.evaluated.size;
      const counts = {
        evaluated,
        passed: Math.max(0, evaluated - openObjects.size - exemptObjects.size),
        failed: openObjects.size,
        exempt: exemptObjects.size,
      };
      judgements.push({ check, namespaces: ledger.evaluated.values(), failed: findings });
      const readable: Assessability =
        ledger.crash === undefined
          ? assessability(check, sourcesOf(check), outcomes)
          : { state: 'unread', reason: ledger.crash };
      const { id, title, severity } = check;
      return {
        id,
        title,
        severity,
        ...conclude(check, counts.evaluated, findings, readable),
        guidance: options.guidance(id),
        counts,
        findings,
      };
    });
    return { checks, namespaces: namespaceResults(judgements), exemptionNotes: book.notes(), outcomes };
  }

  return { sink, finish };
}

/** The sources a check reads. */
export function sourcesOf(check: Check): readonly SourceName[] {
  if (check.shape === 'podSpec') return podSpecSources;
  if (check.shape === 'manual') return [];
  const needs: readonly HeldSource[] = check.needs;
  return check.shape === 'object' ? [check.source, ...needs] : needs;
}

/**
 * Of `v1.31.4-gke.1`. A version that is not known (manifest files) counts as the newest that the rules know, and one that
 * is older than any supported as the oldest: some rules of the Pod Security Standards began later, and what they ask is
 * no less true before.
 */
const minorOf = (version: string): number =>
  Math.max(oldestMinor, Number(/^v?1\.(\d+)/.exec(version)?.[1] ?? newestMinor));
const oldestMinor = 24;
const newestMinor = 37;

/** Revisions that a controller has scaled to zero are history, not workloads. */
function isTemplateInUse(workload: Workload): boolean {
  const isOldRevision = workload.kind === 'ReplicaSet' && workload.metadata.controller !== undefined;
  return !(isOldRevision && workload.replicas === 0);
}

function record(ledger: Ledger, object: KubeObject, problem: Problem, check: Check): void {
  const finding = objectFinding(check, object, problem);
  if (!ledger.findings.has(finding.id)) keep(ledger, finding, objectKey(object));
}

/** All that checks see of a Pod, but for the random end of the one volume name that the API server makes up. */
const shapeOf = ({ podSpec, podAnnotations }: Workload): string =>
  JSON.stringify([podSpec, podAnnotations]).replaceAll(/"kube-api-access-[a-z0-9]{5}"/g, '"kube-api-access"');

const nameOf = ({ kind, metadata }: KubeObject): string =>
  `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;

const keyOf = ({ ref, identityName }: TopOwner): string =>
  JSON.stringify([ref.apiVersion, ref.kind, ref.namespace, identityName]);

const objectKey = (object: KubeObject): string =>
  keyOf({ ref: refOf(object), identityName: object.metadata.name });

/** A Namespace object belongs to the namespace it is. */
const namespaceOf = (object: KubeObject): string | undefined =>
  object.kind === 'Namespace' ? object.metadata.name : object.metadata.namespace;

function worstFirst(a: Finding, b: Finding): number {
  return (
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    compare(a.object.namespace ?? '', b.object.namespace ?? '') ||
    compare(a.object.kind, b.object.kind) ||
    compare(a.object.name, b.object.name) ||
    compare(a.path ?? '', b.path ?? '') ||
    compare(a.id, b.id)
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
