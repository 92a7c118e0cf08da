/** A label of a DNS name (RFC 1123): what a namespace may be called. */
export const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** The same in words. */
export const dnsLabelWords = 'lower-case letters, digits and dashes, at most 63 of them';
