import type { Environment } from '../../server/config/env.js'
import { type SecretLookup, secretsOf } from '../../server/config/secrets.js'

/** Stands for a token that the service makes when it starts. */
const madeAtStart = 'made-by-the-service-at-its-start'

/**
 * Returns the lookup of secrets that a configuration is checked with. The service makes the tokens that are not given,
 * so an unset one is no fault of the configuration.
 */
export function checkedSecrets({ webhookToken, adminToken }: Environment): SecretLookup {
  return secretsOf(process.env, {
    WEBHOOK_TOKEN: webhookToken ?? madeAtStart,
    ADMIN_TOKEN: adminToken ?? `${madeAtStart}-too`,
  })
}
