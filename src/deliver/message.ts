import { createHash } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import { parseMailbox, type Audience, type Channel } from '../config.ts';
import type { Mail } from '../model.ts';
import { visible } from '../text.ts';
import type { DeliveryOptions } from './index.ts';

/** A mail on its way to one recipient. */
export interface Message {
  envelope: { from: string; to: string };
  bytes: Buffer;
}

/**
 * The mail for one recipient, as bytes. The same run, audience and recipient always give the same Message-ID, so that
 * a mail sent twice can be recognised as one.
 */
export async function compose(
  mail: Mail,
  channel: Channel,
  audience: Audience,
  recipient: string,
  { clusterId, slot }: Pick<DeliveryOptions, 'clusterId' | 'slot'>,
): Promise<Message> {
  // Settings are validated: the sender is an address.
  const from = parseMailbox(channel.from) ?? { name: '', address: channel.from };
  const replyTo = channel.replyTo === undefined ? undefined : parseMailbox(channel.replyTo);
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1);
  const identity = JSON.stringify([mail.kind, clusterId, slot, audience.name, recipient]);
  const composer = new MailComposer({
    from,
    to: { name: '', address: recipient },
    ...(replyTo === undefined ? {} : { replyTo }),
    subject: visible(mail.subject),
    messageId: `<${createHash('sha256').update(identity).digest('hex').slice(0, 40)}@${domain}>`,
    date: new Date(),
    headers: {
      'List-Id': `Passmuster <${audience.name}.${listLabel(clusterId)}.passmuster>`,
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'OOF, AutoReply',
    },
    text: mail.text,
    html: mail.html,
    attachments: mail.attachments.map((attachment) => ({ ...attachment, contentDisposition: 'attachment' })),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const bytes = await composer.compile().build();
  return { envelope: { from: from.address, to: recipient }, bytes };
}

/** The cluster's id as one label of a List-Id. */
const listLabel = (id: string): string =>
  id
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 63) || 'cluster';
