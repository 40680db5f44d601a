import { startEmbeddedPostgres } from '../../server/db/embedded-postgres.js'
import { silentLog } from '../../server/observe/log.js'

/** A process for tests: starts or shares the server of the home in its argument, says so, stops when told. */
const server = await startEmbeddedPostgres({ home: process.argv[2] ?? '', log: silentLog })
process.stdin.once('data', () => {
  void server.stop().then(() => process.exit(0))
})
console.log(JSON.stringify({ connectionString: server.connectionString, pid: server.pid }))
