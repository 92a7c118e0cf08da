import { generate } from 'selfsigned';

/** A private key and a certificate that is its own authority, as PEM. */
export interface Certificate {
  key: string;
  cert: string;
}

/**
 * A certificate for servers on loopback, valid for one day. Whoever trusts it as a CA verifies the server for real;
 * whoever does not gets the error that a self-signed server gives.
 */
export async function selfSigned(commonName = 'localhost'): Promise<Certificate> {
  const now = Date.now();
  const made = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - 60_000),
    notAfterDate: new Date(now + 24 * 3_600_000),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { key: made.private, cert: made.cert };
}
