import Table from 'cli-table3'
import type { Style } from './style.js'

/** A column of a table. */
export interface Column {
  readonly title: string
  /** Numbers stand at the right. Default left. */
  readonly align?: 'left' | 'right'
}

/** What a cell shows; null shows a dash. */
export type Cell = string | number | null

const noLines = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
}

/** Returns a table without lines, one row a line, for people and for line tools alike; ends with a newline. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  style: Style,
): string {
  const table = new Table({
    chars: noLines,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: columns.map(({ align }) => align ?? 'left'),
  })
  table.push(columns.map(({ title }) => style.strong(title)))
  for (const row of rows) table.push(row.map((cell) => (cell === null ? '-' : String(cell))))
  const lines = table.toString().split('\n')
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}
