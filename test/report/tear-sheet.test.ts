import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { renderTearSheet } from '../../server/report/tear-sheet/tear-sheet.js'
import { findChromium } from '../helpers/chromium.js'
import { instrument } from '../helpers/settings.js'
import { generateAllocationPage } from './allocation-market.js'
import { generateTearSheet } from './market.js'

/** What would run, were it not escaped. */
const HOSTILE = `"><script>document.title='owned'</script><img src=x onerror="document.title='owned'">&amp;'`

const directory = t.testdir()
const trends = generateTearSheet({
  title: 'Backtest of GOLD_MINI, SILVER_MINI',
  instruments: [instrument('GOLD_MINI'), instrument('SILVER_MINI', { pointValue: 5, marginPerLot: 300_000 })],
  days: 500,
})
const hostile = generateTearSheet({ title: HOSTILE, instruments: [instrument(HOSTILE)], days: 60 })

async function write(name: string, html: string): Promise<string> {
  const path = join(directory, name)
  writeFileSync(path, html)
  return path
}

const trendsPage = await renderTearSheet(trends)
const trendsPath = await write('trends.html', trendsPage)
const hostilePath = await write('hostile.html', await renderTearSheet(hostile))

const binary = await findChromium()
const browser: Browser = await chromium.launch({
  executablePath: binary.file,
  env: binary.env as Record<string, string>,
  args: ['--no-sandbox', '--disable-gpu'],
})
t.teardown(() => browser.close())

/** How somebody looks at a page. */
interface View {
  readonly name: string
  readonly width: number
  readonly colours: 'light' | 'dark'
  readonly media: 'screen' | 'print'
}

const VIEWS: readonly View[] = [
  { name: 'light', width: 1280, colours: 'light', media: 'screen' },
  { name: 'dark', width: 1280, colours: 'dark', media: 'screen' },
  { name: 'phone', width: 360, colours: 'dark', media: 'screen' },
  { name: 'paper', width: 703, colours: 'dark', media: 'print' },
]

interface OpenPage {
  readonly page: Page
  readonly requests: readonly string[]
  readonly errors: readonly string[]
  readonly close: () => Promise<void>
}

/** Opens a file without any network, and notes what it asks for and complains of. */
async function open(path: string, { width, colours, media }: View): Promise<OpenPage> {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: colours,
    offline: true,
  })
  const page = await context.newPage()
  const requests: string[] = []
  const errors: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => errors.push(message.text()))
  await page.emulateMedia({ media })
  await page.goto(pathToFileURL(path).href)
  return { page, requests, errors, close: () => context.close() }
}

/** What a browser made of one picture. */
interface Drawn {
  readonly id: string
  readonly isShown: boolean
  readonly alternative: string
  readonly marks: number
  readonly broken: readonly string[]
  readonly outside: readonly string[]
  readonly overlapping: readonly string[]
  readonly colours: readonly string[]
}

/** Runs in the browser. */
const LOOK = `[...document.querySelectorAll('svg')].map((svg) => {
  const frame = svg.getBoundingClientRect()
  const isShown = frame.width > 0
  const shapes = [...svg.querySelectorAll('path, polyline, rect, circle')].filter((shape) => !shape.closest('defs'))
  const texts = isShown ? [...svg.querySelectorAll('text')].filter((text) => text.textContent.trim() !== '') : []
  const boxes = texts.map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() }))
  const hit = (a, b) => a.left + 1 < b.right && b.left + 1 < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom
  return {
    id: svg.closest('figure').id,
    isShown,
    alternative: svg.getAttribute('role') === 'img' ? svg.getAttribute('aria-label') : '',
    marks: shapes.filter((shape) => { const box = shape.getBoundingClientRect(); return box.width + box.height > 3 }).length,
    broken: [...svg.querySelectorAll('*')].flatMap((node) => [...node.attributes].map((one) => one.name + '=' + one.value)).filter((text) => /NaN|Infinity|undefined/.test(text)),
    outside: boxes.filter(({ box }) => box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1).map(({ text }) => text),
    overlapping: boxes.flatMap((a, index) => boxes.slice(index + 1).filter((b) => hit(a.box, b.box)).map((b) => a.text + ' / ' + b.text)),
    colours: [...new Set(shapes.flatMap((shape) => { const style = getComputedStyle(shape); return [style.fill, style.stroke] }))],
  }
})`

const FIGURES = [
  'equity',
  'yearly',
  'multiples',
  'exposure',
  'price-1',
  'price-1-best',
  'price-2',
  'price-2-best',
]

async function checkPictures(t: Test, page: Page, figures: readonly string[]): Promise<void> {
  const all = (await page.evaluate(LOOK)) as Drawn[]
  const shown = all.filter(({ isShown }) => isShown)
  t.same(
    shown.map(({ id }) => id),
    figures,
    'each figure is shown once',
  )
  for (const { id, alternative, marks, broken, outside, overlapping } of shown) {
    t.ok(marks > 5, `${id} has drawn ${marks} marks`)
    t.ok(alternative.length > 60, `${id} says in words what it shows`)
    t.same(broken, [], `every coordinate of ${id} is a number`)
    t.same(outside, [], `no text of ${id} is cut off`)
    t.same(overlapping, [], `no text of ${id} lies on another`)
  }
}

const PAGES = [
  { of: 'the trend strategy', path: trendsPath, figures: FIGURES, views: VIEWS },
  {
    of: 'target weights',
    path: await write('weights.html', await generateAllocationPage()),
    figures: ['value', 'weights', 'turnover'],
    views: VIEWS.filter(({ name }) => name === 'dark' || name === 'phone'),
  },
]

for (const { of, path, figures, view } of PAGES.flatMap(({ views, ...page }) =>
  views.map((view) => ({ ...page, view })),
)) {
  t.test(`everything of ${of} is drawn: ${view.name}`, async (t) => {
    const { page, requests, errors, close } = await open(path, view)
    await checkPictures(t, page, figures)
    const sizes = await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')
    const [content, window] = sizes as [number, number]
    t.ok(content <= window, `nothing is wider than the page: ${content} of ${window}`)
    const fullPage = view.name === 'light'
    const picture = await page.screenshot({ path: join(directory, `${view.name}.png`), fullPage })
    t.ok(picture.length > 20_000, 'the screenshot shows something')
    t.same(requests, [pathToFileURL(path).href], 'nothing but the file was asked for')
    t.same(errors, [], 'the console is silent')
    await close()
  })
}

t.test('colours follow the system until the reader chooses, and paper is light', async (t) => {
  const background = 'getComputedStyle(document.body).backgroundColor'
  const ink = `getComputedStyle(document.querySelector('#equity svg text')).fill`
  const { page, close } = await open(trendsPath, { ...VIEWS[1]! })
  const [dark, darkInk] = [await page.evaluate(background), await page.evaluate(ink)]
  await page.getByText('Light', { exact: true }).click()
  const [light, lightInk] = [await page.evaluate(background), await page.evaluate(ink)]
  t.equal(light, 'rgb(255, 255, 255)')
  t.not(dark, light)
  t.not(darkInk, lightInk, 'pictures change with the page')
  await page.getByText('Dark', { exact: true }).click()
  t.equal(await page.evaluate(background), dark)
  await page.emulateMedia({ media: 'print' })
  t.equal(await page.evaluate(background), light)
  t.notOk(await page.getByText('Auto', { exact: true }).isVisible(), 'paper has no buttons')
  const paper = await page.pdf({ path: join(directory, 'paper.pdf'), preferCSSPageSize: true })
  t.ok(paper.length > 20_000)
  await close()
  const system = await open(trendsPath, { ...VIEWS[0]! })
  t.equal(await system.page.evaluate(background), light)
  await system.close()
})

t.test('names are text, whatever they hold', async (t) => {
  const { page, requests, errors, close } = await open(hostilePath, VIEWS[0]!)
  t.equal(await page.title(), HOSTILE)
  t.equal(await page.locator('h1').textContent(), HOSTILE)
  t.equal(await page.evaluate(`document.querySelectorAll('script, img').length`), 0)
  t.match(await page.locator('#price-1 h3').textContent(), HOSTILE)
  t.match(await page.locator('#price-1 .wide svg').getAttribute('aria-label'), HOSTILE)
  t.ok((await page.getByRole('rowheader', { name: HOSTILE }).count()) > 0, 'in tables, too')
  t.same([requests.length, errors], [1, []])
  await close()
})

t.test('the same backtest makes the same page, and a small one', async (t) => {
  t.equal(await renderTearSheet(trends), trendsPage)
  t.ok(statSync(trendsPath).size < 1_500_000, `${statSync(trendsPath).size} bytes`)
  t.notMatch(trendsPage, /<script|https?:|src=|@import|url\((?!#)|zr\d/)
})
