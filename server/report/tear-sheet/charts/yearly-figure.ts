import type { Html } from '../html.js'
import type { TearSheetParts } from '../parts.js'
import { minus } from '../spell.js'
import { INK, labelText, nameAxis, panel, valueAxis } from './axes.js'
import { figure } from './figure.js'

/** Years that a picture has room for; the latest are shown. */
const MOST_YEARS = 60

/** Returns the returns of the years as bars; nothing without a year. */
export function yearlyFigure({ result, spell, draw }: TearSheetParts): Html {
  const years = result.years.slice(-MOST_YEARS)
  if (years.length === 0) return ''
  const ranked = [...years].sort((left, right) => right.returnPct - left.returnPct)
  const [best, worst] = [ranked[0]!, ranked.at(-1)!]
  const won = years.filter(({ returnPct }) => returnPct > 0).length
  return figure(draw, {
    id: 'yearly',
    title: 'Return by year',
    caption:
      `${won} of ${years.length} ${years.length === 1 ? 'year' : 'years'} gained. ` +
      `Best ${best.year} with ${spell.change(best.returnPct)}, worst ${worst.year} with ${spell.change(worst.returnPct)}. ` +
      'The first and the last year count as far as the run reaches into them.',
    heightOf: ({ name }) => (name === 'wide' ? 240 : 210),
    optionOf: (size) => ({
      grid: panel(size, 22, size.name === 'wide' ? 184 : 154),
      xAxis: nameAxis(
        years.map(({ year }) => String(year)),
        size,
      ),
      yAxis: valueAxis({ spell: (value) => `${minus(String(value))} %`, splits: 4 }),
      series: {
        type: 'bar',
        silent: true,
        barMaxWidth: 40,
        data: years.map(({ returnPct }) => ({
          value: returnPct,
          itemStyle: { color: returnPct < 0 ? INK.bad : INK.accent },
          label: { position: returnPct < 0 ? 'bottom' : 'top' },
        })),
        label: {
          ...labelText(INK.text),
          fontSize: 11,
          show: years.length <= (size.name === 'wide' ? 24 : 8),
          formatter: ({ value }: { readonly value: number }) => spell.change(value, 1),
        },
      },
    }),
  })
}
