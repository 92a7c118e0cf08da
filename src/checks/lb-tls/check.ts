import { clusterCheck, type Problem } from '../../kit/define-check.ts';
import { someOf } from '../../kit/titles.ts';
import type { Field, Gateway, Ingress, KubeObject, Service } from '../../model.ts';

/** What one object that takes connections from outside does; nothing where it is not about HTTP or TLS. */
type Outcome = 'tls' | 'other' | Pick<Problem, 'verdict' | 'message' | 'field'>;

export const lbTls = clusterCheck({
  id: 'lb-tls',
  title: 'Load balancers terminate TLS with certificates',
  severity: 'medium',
  onNothing: 'not-applicable',
  needs: ['services', 'ingresses', 'gateways'],
  optional: ['gateways'],
  test({ services, ingresses, gateways }) {
    const judged = [
      ...services.map((object) => ({ object, outcome: ofService(object) })),
      ...ingresses.map((object) => ({ object, outcome: ofIngress(object) })),
      ...gateways.map((object) => ({ object, outcome: ofGateway(object) })),
    ].filter(({ outcome }) => outcome !== 'other');
    return {
      evaluated: judged.map(({ object }): KubeObject => object),
      problems: judged.flatMap(({ object, outcome }) =>
        typeof outcome === 'string' ? [] : [{ object, fix, ...outcome }],
      ),
    };
  },
});

const fix: NonNullable<Problem['fix']> = {
  action: 'none',
  risk: 'advice',
  note: 'It takes a certificate for the names that clients use, which only their owner can get; see the plan.',
};

const plain = (field: Field, message: string): Outcome => ({ field, message });
const unclear = (field: Field, message: string): Outcome => ({ field, message, verdict: 'review' });

type Annotations = Readonly<Record<string, string>> | undefined;

const valueOf = (annotations: Annotations, ending: RegExp): string | undefined =>
  Object.entries(annotations ?? {}).find(([key, value]) => ending.test(key) && value !== '')?.[1];

const certificate =
  /(ssl-cert|ssl-certificate|certificate-arn|pre-shared-cert|managed-certificates|tls-cert-keyvault-uri)$/;

type ServicePort = NonNullable<Service['spec']['ports']>[number];

const byAppProtocol: Readonly<Record<string, 'http' | 'tls'>> = {
  http: 'http',
  http2: 'http',
  h2c: 'http',
  'kubernetes.io/h2c': 'http',
  'kubernetes.io/ws': 'http',
  https: 'tls',
  tls: 'tls',
  'kubernetes.io/wss': 'tls',
};
const byName = [
  [/(^|-)(https|tls|wss)(-|$)/, 'tls'],
  [/^(http2?|h2c|web|ws)(-|$)/, 'http'],
] as const;
const byNumber: Readonly<Record<number, 'http' | 'tls'>> = {
  80: 'http',
  8080: 'http',
  443: 'tls',
  8443: 'tls',
};

/** What a port says of itself counts before what its number usually means; a protocol that is neither is left alone. */
function speaks({
  appProtocol,
  name = '',
  port = 0,
  protocol = 'TCP',
}: ServicePort): 'http' | 'tls' | undefined {
  if (protocol !== 'TCP') return undefined;
  if (appProtocol !== undefined) return byAppProtocol[appProtocol.toLowerCase()];
  return byName.find(([pattern]) => pattern.test(name))?.[1] ?? byNumber[port];
}

function ofService({ annotations, spec: { type, ports = [] } }: Service): Outcome {
  if (type !== 'LoadBalancer') return 'other';
  const field: Field = ['spec', 'ports'];
  const http = ports.filter((port) => speaks(port) === 'http');
  const tls = ports.filter((port) => speaks(port) === 'tls');
  if (http.length + tls.length === 0) return 'other';
  if (valueOf(annotations, certificate) !== undefined) {
    const listed = (valueOf(annotations, /ssl-ports$/) ?? '*').split(',').map((entry) => entry.trim());
    const hasTls = ports.some(({ name = '', port }) =>
      ['*', name, String(port)].some((entry) => entry !== '' && listed.includes(entry)),
    );
    if (hasTls) return 'tls';
    return plain(field, 'It has a certificate, and its annotation of TLS ports names none of its ports.');
  }
  const numbers = http.map(({ port }) => port).join(', ');
  if (tls.length > 0) {
    return unclear(
      field,
      'The load balancer has no certificate: TLS passes through, and what answers behind it must have one.',
    );
  }
  return plain(
    field,
    `It takes plain HTTP (port ${numbers}) from outside, and no annotation names a certificate.`,
  );
}

function ofIngress({ annotations, spec: { tls = [], rules = [] } }: Ingress): Outcome {
  const field: Field = ['spec', 'tls'];
  if (tls.length > 0) {
    const covered = tls.flatMap(({ hosts = [] }) => hosts);
    const isForAll = tls.some(({ hosts = [] }) => hosts.length === 0);
    const left = rules.flatMap(({ host }) => (host === undefined || isCovered(host, covered) ? [] : [host]));
    if (isForAll || left.length === 0) return 'tls';
    return unclear(
      field,
      `Its TLS section has no entry for ${someOf([...new Set(left)])}: see what answers there.`,
    );
  }
  if (valueOf(annotations, certificate) !== undefined) return 'tls';
  // The load balancer controller of AWS finds the certificate by the name of the host.
  if (valueOf(annotations, /listen-ports$/)?.includes('"HTTPS"')) return 'tls';
  if (/^\d+$/.test(valueOf(annotations, /alb\.ingress\.kubernetes\.io\/ssl-redirect$/) ?? '')) return 'tls';
  if (valueOf(annotations, /ssl-passthrough$/) === 'true') {
    return unclear(
      field,
      'TLS passes through it (ssl-passthrough): what answers behind it must have a certificate.',
    );
  }
  if (valueOf(annotations, /force-ssl-redirect$/) === 'true') {
    return unclear(field, 'It redirects to HTTPS and has no TLS section: TLS must end in front of it.');
  }
  return plain(field, 'It takes plain HTTP: it has no TLS section, and no annotation names a certificate.');
}

/** A wildcard stands for one label. */
const isCovered = (host: string, covered: readonly string[]): boolean =>
  covered.includes(host) || covered.includes(host.replace(/^[^.]+/, '*'));

function ofGateway({ spec: { listeners = [] } }: Gateway): Outcome {
  const field: Field = ['spec', 'listeners'];
  const tls = listeners.filter(({ protocol }) => protocol === 'HTTPS' || protocol === 'TLS');
  const http = listeners.filter(({ protocol }) => protocol === 'HTTP');
  if (tls.some(({ tls: config }) => config?.mode === 'Passthrough')) {
    return unclear(
      field,
      'TLS passes through a listener of it: what answers behind it must have a certificate.',
    );
  }
  if (tls.length > 0) return 'tls';
  if (http.length === 0) return 'other';
  const ports = http.map(({ port }) => port).join(', ');
  return plain(field, `It takes plain HTTP (port ${ports}), and none of its listeners has TLS.`);
}
