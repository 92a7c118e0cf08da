/**
 * The only place where bytes from the API server become objects.
 */
import { decodeJson, decodeJsonListHead } from './json.ts';
import { decodeProtobuf, decodeProtobufListHead, isInProtobuf } from './protobuf/decode.ts';

/** `metadata` of a list. */
export interface ListMetadata {
  continue?: string;
  remainingItemCount?: number;
}

/** Reads what an API server answers with. */
export interface Decoder {
  /** The value of a complete body, which may be overwritten. @throws Error when the body is damaged or not all there. */
  decode(body: Buffer): unknown;
  /** `metadata` of a list of which only the first bytes have arrived; undefined as long as they do not tell. */
  decodeListHead(head: Buffer): ListMetadata | undefined;
}

const json = 'application/json';
const protobuf = 'application/vnd.kubernetes.protobuf';

/** The media types to ask for: a list in protobuf where we know its kind, which is less work for both sides. */
export const accept = (list?: { apiVersion: string; kind: string }): string =>
  list && isInProtobuf(list.apiVersion, list.kind) ? `${protobuf}, ${json}` : json;

/** Reads a body of this content type; undefined when no Kubernetes API answers with it. */
export function decoderOf(contentType: string): Decoder | undefined {
  if (contentType.startsWith(protobuf)) {
    return { decode: decodeProtobuf, decodeListHead: decodeProtobufListHead };
  }
  if (/\bjson\b/.test(contentType)) return { decode: decodeJson, decodeListHead: decodeJsonListHead };
  return undefined;
}
