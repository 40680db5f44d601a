import type { Html } from '../html.js'
import { escapeHtml } from '../html.js'

/** What echarts is asked to draw. Colours are variables of the page's style, so one picture is light and dark. */
export type ChartOption = Readonly<Record<string, unknown>>

/** A picture to be drawn. */
export interface ChartRequest {
  /** Unique in the page: ids within the picture begin with it. */
  readonly id: string
  readonly width: number
  readonly height: number
  /** What the picture shows, for those who do not see it. */
  readonly alternative: string
  readonly option: ChartOption
}

/** Draws pictures as SVG. */
export type DrawChart = (request: ChartRequest) => Html

/** Returns what draws. The library is loaded here, so that only who writes a report waits for it. */
export async function loadDrawing(): Promise<DrawChart> {
  const { init } = await import('echarts/dist/echarts.esm.min')
  return ({ id, width, height, alternative, option }) => {
    const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
    try {
      chart.setOption({ animation: false, useUTC: true, backgroundColor: 'transparent', ...option })
      return embed(chart.renderToSVGString(), id, alternative)
    } finally {
      // A chart that is not disposed of keeps the process alive.
      chart.dispose()
    }
  }
}

/**
 * Returns the picture as a part of a page: it takes the width that there is, its ids are the same in every run, and what
 * only serves a pointer is gone.
 */
function embed(svg: string, id: string, alternative: string): Html {
  return svg
    .replace(/<style ?>[\s\S]*?<\/style>/g, '')
    .replace(/ (class|pointer-events)="[^"]*"/g, '')
    .replace(/<rect width="\d+" height="\d+" x="0" y="0" fill="(none|transparent)"><\/rect>\n?/, '')
    .replace(/<svg width="(\d+)" height="(\d+)"[^>]*>/, (_, width, height) => {
      return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(alternative)}">`
    })
    .replace(/\bzr\d+-/g, `${id}-`)
    .replace(/^\s*\n/gm, '')
    .trim()
}
