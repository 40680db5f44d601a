import { z } from 'zod'
import { TOPICS } from '../notify/notice.js'
import { notificationUrl, secretReference } from './values.js'

const webhookReceiverSchema = z
  .strictObject({
    kind: z.literal('webhook'),
    url: notificationUrl.describe('Where they are posted; https, or http on this machine'),
    token: secretReference
      .optional()
      .describe(
        'Sent as Authorization: Bearer, by the name of the variable that holds it; none when left out',
      ),
    about: z
      .array(z.enum(TOPICS))
      .min(1)
      .default([...TOPICS])
      .describe('What it is told; everything when left out'),
  })
  .describe('A receiver of short messages about what is recorded; nothing waits for it')

const telegramId = z.int().min(-9_007_199_254_740_991).max(9_007_199_254_740_991)

const telegramReceiverSchema = z
  .strictObject({
    kind: z.literal('telegram'),
    botToken: secretReference.describe('Token of the bot, by the name of the variable that holds it'),
    chatIds: z
      .array(telegramId)
      .max(10)
      .default([])
      .describe('Chats that are told; they, and chats with one allowed user alone, may give commands'),
    allowedUsers: z
      .array(telegramId.min(1))
      .max(50)
      .default([])
      .describe('Ids of the users who may give commands; nobody when left out'),
    apiRoot: notificationUrl.optional().describe('Where the Bot API is; that of Telegram when left out'),
    about: z
      .array(z.enum(TOPICS))
      .min(1)
      .default([...TOPICS])
      .describe('What the chats are told; everything when left out'),
  })
  .describe('A Telegram bot that tells what is recorded, and takes commands of the users it knows')

const notificationSchema = z.discriminatedUnion('kind', [webhookReceiverSchema, telegramReceiverSchema])

/** The receivers of notifications. */
export const notificationsSchema = z
  .array(notificationSchema)
  .max(10)
  .superRefine((receivers, context) => {
    const bots = receivers.flatMap((receiver, index) =>
      receiver.kind === 'telegram' ? [{ index, token: receiver.botToken }] : [],
    )
    for (const [at, { index, token }] of bots.entries()) {
      if (!bots.slice(0, at).some((other) => other.token === token)) continue
      const message = 'must be another bot: each is asked for commands by one receiver alone'
      context.addIssue({ code: 'custom', path: [index, 'botToken'], message })
    }
  })
