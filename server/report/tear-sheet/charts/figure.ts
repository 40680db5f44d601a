import { escapeHtml, type Html } from '../html.js'
import type { ChartOption, DrawChart } from './draw.js'

/** How a picture is read: on a page, or on a phone. */
export interface ChartSize {
  readonly name: 'wide' | 'narrow'
  readonly width: number
}

/** A text that is 12 pixels high stays so: a phone gets a picture of its own instead of a shrunken one. */
const SIZES: readonly ChartSize[] = [
  { name: 'wide', width: 960 },
  { name: 'narrow', width: 400 },
]

/** A picture with its caption, drawn for both sizes. */
export interface FigureRequest {
  readonly id: string
  /** Shown above the picture. */
  readonly title: string
  /** What the picture says, in a sentence or two: shown below it, and read out instead of it. */
  readonly caption: string
  /** What its marks mean. */
  readonly legend?: Html
  readonly heightOf: (size: ChartSize) => number
  readonly optionOf: (size: ChartSize) => ChartOption
}

/** Returns a figure: title, legend, the picture twice, caption. */
export function figure(draw: DrawChart, request: FigureRequest): Html {
  const { id, title, caption, legend = '', heightOf, optionOf } = request
  const pictures = SIZES.map((size) => {
    const alternative = `${title}. ${caption}`
    const option = optionOf(size)
    const svg = draw({
      id: `${id}-${size.name}`,
      width: size.width,
      height: heightOf(size),
      alternative,
      option,
    })
    return `<div class="${size.name}">${svg}</div>`
  })
  return `<figure id="${id}">
<div class="figure-head"><h3>${escapeHtml(title)}</h3>${legend === '' ? '' : `<ul class="legend">${legend}</ul>`}</div>
${pictures.join('\n')}
<figcaption>${escapeHtml(caption)}</figcaption>
</figure>`
}

/** Returns an entry of a legend: `mark` is the class of the drawn sign. */
export function legendEntry(mark: string, text: string): Html {
  return `<li><span class="mark ${mark}" aria-hidden="true"></span>${escapeHtml(text)}</li>`
}
