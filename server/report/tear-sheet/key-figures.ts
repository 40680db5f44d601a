import { escapeHtml, type Html } from './html.js'

/** A number that is looked at first, and whether it is painted as a loss. */
export type KeyFigure = readonly [name: string, value: string, isLoss: boolean]

/** Returns the four numbers that are looked at first, in large. */
export function keyFigureList(figures: readonly KeyFigure[]): Html {
  const items = figures.map(
    ([name, value, isLoss]) =>
      `<li><span>${escapeHtml(name)}</span><strong${isLoss ? ' class="loss"' : ''}>${escapeHtml(value)}</strong></li>`,
  )
  return `<ul class="figures">${items.join('')}</ul>`
}
