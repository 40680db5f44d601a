/** Text that is HTML already: what came from data in it is escaped. */
export type Html = string

/** Returns a text so that a browser shows it as it is, in an element and in an attribute. */
export function escapeHtml(text: string): Html {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

/** A column of a table; words and dates stand left, numbers right; only words are broken into lines. */
export interface Column {
  readonly title: string
  readonly kind: 'words' | 'date' | 'number'
}

/** A cell: a text, or one that is painted as a loss when it is one. */
export type Cell = string | { readonly text: string; readonly isLoss: boolean }

/** Returns a table whose first column names its rows. `caption` says what it is of, to those who do not see it as well. */
export function dataTable(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
): Html {
  const head = columns.map(({ title, kind }) => `<th scope="col" class="${kind}">${escapeHtml(title)}</th>`)
  const body = rows.map(
    (cells) => `<tr>${cells.map((cell, index) => spellCell(cell, columns[index]!, index)).join('')}</tr>`,
  )
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(caption)}"><table>
<caption>${escapeHtml(caption)}</caption>
<thead><tr>${head.join('')}</tr></thead>
<tbody>${body.join('\n')}</tbody>
</table></div>`
}

function spellCell(cell: Cell, { kind }: Column, index: number): Html {
  const { text, isLoss } = typeof cell === 'string' ? { text: cell, isLoss: false } : cell
  const classes = isLoss ? `${kind} loss` : kind
  return index === 0
    ? `<th scope="row" class="${classes}">${escapeHtml(text)}</th>`
    : `<td class="${classes}">${escapeHtml(text)}</td>`
}

/** Returns a small table of names and values. */
export function valueTable(caption: string, rows: readonly (readonly [name: string, value: Cell])[]): Html {
  const body = rows.map(([name, value]) => {
    const { text, isLoss } = typeof value === 'string' ? { text: value, isLoss: false } : value
    return `<tr><th scope="row">${escapeHtml(name)}</th><td class="number${isLoss ? ' loss' : ''}">${escapeHtml(text)}</td></tr>`
  })
  return `<table class="values"><caption>${escapeHtml(caption)}</caption><tbody>${body.join('\n')}</tbody></table>`
}

/** Returns a section with its heading; nothing for no content. */
export function section(title: string, ...parts: readonly Html[]): Html {
  const content = parts.filter((part) => part !== '')
  return content.length === 0
    ? ''
    : `<section>\n<h2>${escapeHtml(title)}</h2>\n${content.join('\n')}\n</section>`
}
