import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { z } from 'zod';

/** Client-go takes a field that is null as one that is absent. */
const oneText = z.string({ error: 'must be text (put it in quotes)' });
const text = oneText.nullish();
const listOfTexts = z.array(oneText, { error: 'must be a list of texts' });
const texts = listOfTexts.nullish();
const flag = z.boolean({ error: 'must be true or false' }).nullish();
const mappingError = { error: 'must be a mapping (lines of "key: value")' };
const mapping = <T extends z.core.$ZodLooseShape>(fields: T) => z.looseObject(fields, mappingError).nullish();

/** Base64 of what `parse` takes; line breaks do not count. */
const pem = (what: string, parse: (pem: string) => unknown) =>
  text
    .refine((data) => /^[\w+/]*={0,2}$/.test((data ?? '').replaceAll(/\s/g, '')), {
      error: 'is not base64',
      abort: true,
    })
    .refine((data) => !data || succeeds(() => parse(Buffer.from(data, 'base64').toString())), {
      error: `must be ${what} in PEM, base64 encoded`,
    });

// An empty list of CAs saves loading those of the system.
const certificate = pem('a certificate', (cert) => createSecureContext({ ca: [], cert }));
const key = pem('a private key without a passphrase', (given) => createSecureContext({ ca: [], key: given }));
// TLS passes over what it does not understand in a list of CAs.
const authority = pem('a certificate', (ca) => new X509Certificate(ca));

/** What the fields that we use may hold, by the list that the entry is in. Others are not looked at. */
export const entryFields = {
  clusters: z.looseObject({
    cluster: mapping({
      server: text,
      'certificate-authority': text,
      'certificate-authority-data': authority,
      'tls-server-name': text,
      'proxy-url': text,
      'insecure-skip-tls-verify': flag,
    }),
  }),
  contexts: z.looseObject({ context: mapping({ cluster: text, user: text }) }),
  users: z.looseObject({
    user: mapping({
      token: text,
      tokenFile: text,
      'token-file': text,
      username: text,
      password: text,
      'client-certificate': text,
      'client-certificate-data': certificate,
      'client-key': text,
      'client-key-data': key,
      as: text,
      'as-uid': text,
      'as-groups': texts,
      'as-user-extra': z.record(z.string(), listOfTexts, mappingError).nullish(),
      'auth-provider': mapping({ name: text, config: mapping({}) }),
      exec: mapping({
        command: text,
        args: texts,
        env: z
          .array(z.looseObject({ name: text, value: text }, mappingError), { error: 'must be a list' })
          .nullish(),
        apiVersion: text,
        interactiveMode: text,
        installHint: text,
        provideClusterInfo: flag,
      }),
    }),
  }),
} as const;

function succeeds(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
