/**
 * Protobuf as the API server writes it: four bytes, then an envelope that says what is in it, then that.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
 */
import type { ListMetadata } from '../decode.ts';
import { messageNamed, messageOf, messageOfKind } from './messages.ts';
import { Wire, type Raw } from './wire.ts';

const magic = Buffer.from('k8s\0');
const typeMeta = messageOf([
  { number: 1, name: 'apiVersion', type: 'string' },
  { number: 2, name: 'kind', type: 'string' },
]);
/** Numbers of the fields of the envelope, which is a runtime.Unknown. */
const typeMetaNumber = 1;
const rawNumber = 2;
/** Of a list, whatever it is a list of. */
const metadata = { number: 1, name: 'metadata', type: 'meta.v1.ListMeta' };
const items = { number: 2, name: 'items', repeated: true };

/** True for a kind whose lists can be decoded. */
export const isInProtobuf = (apiVersion: string, kind: string): boolean =>
  messageOfKind(apiVersion, kind) !== undefined;

/**
 * The list or Status in the body, as its JSON would give it but for the fields that nobody reads; of anything else only
 * apiVersion and kind.
 * @throws Error when the body is damaged or not all there.
 */
export function decodeProtobuf(body: Buffer): unknown {
  const { wire, type, end } = openEnvelope(body);
  if (end > body.length) throw new RangeError('The body is cut short.');
  const { apiVersion, kind } = type as { apiVersion: string; kind: string };
  const element = messageOfKind(apiVersion, kind.replace(/List$/, ''));
  if (element === undefined) return type;
  const [message, object] = kind.endsWith('List')
    ? [messageOf([metadata, { ...items, type: element }]), { ...type, metadata: {}, items: [] }]
    : [messageNamed(element), type];
  wire.fields(message, object, end);
  return object;
}

/** `metadata` of a list, which comes first; undefined as long as not all of it has arrived. */
export function decodeProtobufListHead(head: Buffer): ListMetadata | undefined {
  try {
    const { wire } = openEnvelope(head);
    return wire.uint32() >>> 3 === metadata.number ? wire.message(messageNamed(metadata.type)) : undefined;
  } catch {
    return undefined;
  }
}

/** What the object in the envelope is, and where it ends; the wire stands where it begins. */
function openEnvelope(body: Buffer): { wire: Wire; type: Raw; end: number } {
  if (!body.subarray(0, magic.length).equals(magic))
    throw new TypeError('The body is no protobuf of Kubernetes.');
  const wire = new Wire(body);
  wire.pos = magic.length;
  let type: Raw = {};
  for (;;) {
    const tag = wire.uint32();
    if (tag >>> 3 === rawNumber) return { wire, type, end: wire.end() };
    if (tag >>> 3 === typeMetaNumber) type = wire.message(typeMeta);
    else wire.pass(tag & 7);
  }
}
