/** How the runner tells the tests where its servers are. */
export const serviceVariables = {
  postgresUrl: 'TEST_POSTGRES_URL',
  postgresTemplate: 'TEST_POSTGRES_TEMPLATE',
  redisUrl: 'TEST_REDIS_URL',
} as const
