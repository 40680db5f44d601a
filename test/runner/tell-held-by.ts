/*
 * Imported before a test file (node --import), this says on SIGUSR2 what keeps the process alive. The process of a file
 * that is not done in time is asked for it before it is ended.
 */

process.on('SIGUSR2', () => {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  const told = [...counts].map(([kind, count]) => `${count} ${kind}`)
  process.stderr.write(`The process is held by ${told.join(', ')}\n`)
})
