import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import pg from 'pg'
import t, { type Test } from 'tap'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../server/db/embedded-postgres.js'
import { isAlive } from '../../server/db/is-alive.js'
import { silentLog } from '../../server/observe/log.js'
import { counts } from '../helpers/counts.js'
import { eventually } from '../helpers/eventually.js'
import { testDirectory } from '../helpers/temporary-directory.js'
import { withClient } from '../helpers/with-client.js'

/** Making the data of a server takes most of a second, so most tests use the same home one after the other. */
const sharedHome = join(await testDirectory(t), 'a home', 'x'.repeat(60), 'y'.repeat(60))

interface StartOptions {
  readonly onRestart?: () => void
  readonly useNamespace?: boolean
}

async function start(t: Test, home: string, options: StartOptions = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ home, log: silentLog, ...options })
  t.teardown(() => server.stop())
  return server
}

interface Owner {
  readonly child: ChildProcess
  readonly connectionString: string
  readonly pid: number
}

async function startOwner(t: Test, home: string): Promise<Owner> {
  const script = join(import.meta.dirname, 'embedded-postgres-owner.js')
  const child = spawn(process.execPath, [script, home], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  const [line] = await once(createInterface(child.stdout), 'line')
  return { child, ...(JSON.parse(line) as { connectionString: string; pid: number }) }
}

async function countMarks(url: string): Promise<number> {
  return withClient(url, async (client) => {
    const { rows } = await client.query('select count(*)::int as marks from marks')
    return rows[0].marks
  })
}

async function makeMarks(url: string, marks: number): Promise<void> {
  await withClient(url, async (client) => {
    await client.query('drop table if exists marks')
    await client.query('create table marks (id int)')
    await client.query('insert into marks select generate_series(1, $1)', [marks])
  })
}

t.test(
  'a first start makes a durable, checked and private server, and a second one finds its data',
  async (t) => {
    const home = sharedHome
    const first = await start(t, home)
    await makeMarks(first.connectionString, 3)
    const names = ['synchronous_commit', 'fsync', 'full_page_writes', 'data_checksums']
    await withClient(first.connectionString, async (client) => {
      const { rows } = await client.query('select setting from pg_settings where name = any($1)', [names])
      t.same(
        rows,
        names.map(() => ({ setting: 'on' })),
        'what it confirms is on disk',
      )
      const { rows: hosts } = await client.query('show listen_addresses')
      t.equal(hosts[0].listen_addresses, '127.0.0.1')
    })
    const passwordFile = join(home, 'postgres', 'password')
    t.equal((await stat(passwordFile)).mode & 0o777, 0o600, 'only we can read the password')
    const url = new URL(first.connectionString)
    url.password = 'wrong'
    await t.rejects(
      withClient(url.href, async () => undefined),
      { code: '28P01' },
    )

    await first.stop()
    t.notOk(isAlive(first.pid), 'stopping ends the server')
    const second = await start(t, home)
    t.equal(second.connectionString, first.connectionString, 'the address stays the same')
    t.equal(await countMarks(second.connectionString), 3)
  },
)

t.test('starters at the same moment share one server, and the last to leave stops it', async (t) => {
  const home = await testDirectory(t)
  const users = await Promise.all([start(t, home), start(t, home), start(t, home)])
  const [first, second, third] = users as [EmbeddedPostgres, EmbeddedPostgres, EmbeddedPostgres]
  t.same(new Set(users.map((user) => user.pid)).size, 1, 'one server')
  await makeMarks(first.connectionString, 2)
  t.equal(await countMarks(third.connectionString), 2)
  await first.stop()
  await third.stop()
  t.equal(await countMarks(second.connectionString), 2, 'it runs as long as one uses it')
  await second.stop()
  t.notOk(isAlive(second.pid))
})

t.test('a client that is connected is let finish', async (t) => {
  const server = await start(t, sharedHome)
  const client = new pg.Client({ connectionString: server.connectionString })
  client.on('error', () => undefined)
  await client.connect()
  const stopped = server.stop()
  await eventually('new clients are refused', () => {
    return withClient(server.connectionString, async () => false).catch((error) => error.code === '57P03')
  })
  t.same((await client.query('select 1 as answer')).rows, [{ answer: 1 }])
  await client.end()
  await stopped
  t.notOk(isAlive(server.pid))
})

t.test('a server that is killed is started again and has every confirmed row', async (t) => {
  let restarts = 0
  const server = await start(t, sharedHome, {
    onRestart: () => {
      restarts += 1
    },
  })
  await makeMarks(server.connectionString, 0)
  let confirmed = 0
  for (let kill = 1; kill <= counts.kills; kill += 1) {
    const target = confirmed + 50
    const writing = withClient(server.connectionString, async (client) => {
      for (;;) {
        await client.query('insert into marks values ($1)', [confirmed])
        confirmed += 1
      }
    })
    await Promise.race([writing, eventually('rows were written', () => confirmed >= target)])
    process.kill(server.pid, 'SIGKILL')
    await t.rejects(writing)
    await eventually('the server runs again', () => restarts === kill, { timeoutMs: 30_000 })
    const found = await countMarks(server.connectionString)
    // One more than confirmed: its confirmation may have been under way
    t.ok(found === confirmed || found === confirmed + 1, `after kill ${kill} nothing confirmed is lost`)
    confirmed = found
  }
})

t.test('a server does not outlive a killed service, and its rows do', async (t) => {
  const home = sharedHome
  for (let kill = 1; kill <= counts.kills; kill += 1) {
    const owner = await startOwner(t, home)
    if (kill === 1) await makeMarks(owner.connectionString, 5)
    owner.child.kill('SIGKILL')
    await eventually('the server is gone', () => !isAlive(owner.pid))
  }
  const server = await start(t, home)
  t.equal(await countMarks(server.connectionString), 5)
})

t.test('a process that shares the server outlives the one that started it', async (t) => {
  const home = sharedHome
  const owner = await startOwner(t, home)
  const sharer = await start(t, home)
  t.equal(sharer.pid, owner.pid)
  owner.child.kill('SIGKILL')
  await once(owner.child, 'exit')
  await makeMarks(sharer.connectionString, 4)
  t.equal(await countMarks(sharer.connectionString), 4, 'the server still runs')
  await sharer.stop()
  t.notOk(isAlive(sharer.pid), 'and ends with its last user')
})

t.test('a server that was left running is adopted', async (t) => {
  const home = sharedHome
  const owner = await startOwner(t, home)
  await makeMarks(owner.connectionString, 1)
  // As when a guardian is killed together with its service: nobody of the list is alive, and the server is
  const guardian = await findGuardian(home)
  process.kill(guardian, 'SIGKILL')
  owner.child.kill('SIGKILL')
  await once(owner.child, 'exit')
  const server = await start(t, home)
  t.equal(server.pid, owner.pid)
  t.equal(await countMarks(server.connectionString), 1)
  await server.stop()
  t.notOk(isAlive(server.pid), 'the adopter stops it')
})

async function findGuardian(home: string): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-ww', '-o', 'pid=,args='])
  const line = stdout.split('\n').find((text) => text.includes(`general-guardian ${home}`))
  return Number.parseInt(line ?? '', 10)
}

t.test('a lock file whose process id is somebody else does not hinder a start', async (t) => {
  const home = sharedHome
  const first = await start(t, home)
  await first.stop()
  const text = `${process.pid}\n${home}/postgres/data\n1\n${first.port}\n\n127.0.0.1\n 1 1\nready\n`
  await writeFile(join(home, 'postgres', 'data', 'postmaster.pid'), text)
  const second = await start(t, home)
  t.ok(await withClient(second.connectionString, async () => true))
})

t.test('a port that was taken meanwhile is exchanged', async (t) => {
  const home = sharedHome
  const first = await start(t, home)
  await first.stop()
  const stranger = createServer().listen(first.port, '127.0.0.1')
  t.teardown(() => stranger.close())
  await once(stranger, 'listening')
  const second = await start(t, home)
  t.not(second.port, first.port)
})

t.test('a directory that is not ours, or not of this version, is refused with advice', async (t) => {
  const home = await testDirectory(t)
  await mkdir(join(home, 'foreign', 'postgres'), { recursive: true })
  await writeFile(join(home, 'foreign', 'postgres', 'thesis.txt'), 'years of work')
  await t.rejects(startEmbeddedPostgres({ home: join(home, 'foreign'), log: silentLog }), {
    code: 'WRONG_DATA',
    message: /holds no PostgreSQL data: move it away/,
  })
  t.equal(await readFile(join(home, 'foreign', 'postgres', 'thesis.txt'), 'utf8'), 'years of work')
  const version = join(sharedHome, 'postgres', 'data', 'PG_VERSION')
  const written = await readFile(version)
  t.teardown(() => writeFile(version, written))
  await writeFile(version, '12\n')
  await t.rejects(startEmbeddedPostgres({ home: sharedHome, log: silentLog }), {
    code: 'WRONG_DATA',
    message: /was written by PostgreSQL 12/,
  })
})

t.test('without user namespaces root hands the server to another user', async (t) => {
  const home = await testDirectory(t)
  await chmod(home, 0o755)
  const server = await start(t, home, { useNamespace: false })
  await makeMarks(server.connectionString, 1)
  const { stdout } = await promisify(execFile)('ps', ['-o', 'uid=', '-p', String(server.pid)])
  t.not(stdout.trim(), '0', 'the server is not root')
  t.equal(await countMarks(server.connectionString), 1)
})
