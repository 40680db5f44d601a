import type { Service } from '../../server/main.js'

/** What programs are told about a running service. */
export interface ServiceFacts {
  /** With its token on a terminal only: other output ends in files that anybody may read. */
  readonly webhookUrl: string
  readonly webhookTokenFile: string | null
  readonly adminUrl: string
  readonly adminTokenFile: string | null
}

/** Returns what programs are told about a running service. */
export function serviceFacts(service: Service, isTerminal: boolean): ServiceFacts {
  const { tokens, webhookUrl, adminUrl } = service
  return {
    webhookUrl: isTerminal ? `${webhookUrl}${tokens.webhook.token}` : webhookUrl,
    webhookTokenFile: tokens.webhook.file,
    adminUrl,
    adminTokenFile: tokens.admin.file,
  }
}

/** Returns what people are told when the service listens: where, and how to try it. */
export function describeService(service: Service, isTerminal: boolean): string {
  const { tokens, webhookUrl, adminUrl } = service
  const webhook = isTerminal
    ? [`Webhook  ${webhookUrl}${tokens.webhook.token}`]
    : [`Webhook  ${webhookUrl}<token>`, `         token: ${placeOf(tokens.webhook.file, 'WEBHOOK_TOKEN')}`]
  const lines = [
    ...webhook,
    `Admin    ${adminUrl}  (documentation: ${adminUrl}/docs)`,
    `         token: ${placeOf(tokens.admin.file, 'ADMIN_TOKEN')}`,
  ]
  if (isTerminal) lines.push('', 'Send an alert:', '', exampleCurl(service))
  return `${lines.join('\n')}\n\n`
}

/** Returns a command for a shell that sends an entry, as of the second in which it is pasted, and shows its decision. */
export function exampleCurl(service: Service): string {
  const { webhookUrl, tokens, example } = service
  const body = JSON.stringify({ ...example, timestamp: '@' }).replace('"@"', `"'$(date -u +%FT%TZ)'"`)
  return `curl -sS -H 'Prefer: wait=1.8' '${webhookUrl}${tokens.webhook.token}' -d '${body}'`
}

function placeOf(file: string | null, variable: string): string {
  return file ?? `the value of ${variable}`
}
