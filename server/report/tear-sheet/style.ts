/** Colours of the page and of the pictures in it. */
interface Palette {
  readonly scheme: 'light' | 'dark'
  readonly colours: Readonly<Record<string, string>>
}

const LIGHT: Palette = {
  scheme: 'light',
  colours: {
    ink: '#18202b',
    quiet: '#5a6675',
    strong: '#8793a2',
    line: '#e3e8ee',
    paper: '#ffffff',
    card: '#f6f8fa',
    accent: '#0b6e8f',
    good: '#0a7a4f',
    bad: '#c0342b',
    cap: '#a86500',
    rose: '#4fb38a',
    fell: '#ec8078',
  },
}

const DARK: Palette = {
  scheme: 'dark',
  colours: {
    ink: '#e7ecf2',
    quiet: '#9aa6b5',
    strong: '#7d8a9a',
    line: '#29323e',
    paper: '#10151c',
    card: '#171e27',
    accent: '#56b8da',
    good: '#4cc790',
    bad: '#ff8379',
    cap: '#e2a650',
    rose: '#24795a',
    fell: '#a23f39',
  },
}

function declare({ scheme, colours }: Palette): string {
  const variables = Object.entries(colours).map(([name, value]) => `--${name}: ${value}`)
  return `{ color-scheme: ${scheme}; ${variables.join('; ')} }`
}

/** The reader's own choice is a radio button: it needs no script. */
const THEMES = `
:root ${declare(LIGHT)}
@media (prefers-color-scheme: dark) { :root ${declare(DARK)} }
:root:has(#theme-light:checked) ${declare(LIGHT)}
:root:has(#theme-dark:checked) ${declare(DARK)}
@media print { :root, :root:has(#theme-dark:checked) ${declare(LIGHT)} }
`

const PAGE = `
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100% }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif }
main { max-width: 1040px; margin: 0 auto; padding: 36px 32px 64px }
h1 { font-size: 26px; line-height: 1.25; letter-spacing: -.01em; margin: 0; overflow-wrap: anywhere }
h2 { font-size: 13px; letter-spacing: .08em; text-transform: uppercase; color: var(--quiet); margin: 0 0 16px; padding-top: 14px; border-top: 2px solid var(--ink) }
h3 { font-size: 16px; margin: 0; overflow-wrap: anywhere }
p { margin: 8px 0 }
section { margin: 44px 0 0 }
header { display: flex; justify-content: space-between; align-items: flex-start; gap: 16px 32px; flex-wrap: wrap }
header p { color: var(--quiet); margin: 4px 0 0 }
.theme { display: flex; border: 1px solid var(--line); border-radius: 8px; margin: 0; padding: 2px; font-size: 13px }
.theme legend { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
.theme input { position: absolute; opacity: 0 }
.theme label { padding: 3px 12px; border-radius: 6px; color: var(--quiet); cursor: pointer }
.theme input:checked + label { background: var(--card); color: var(--ink); box-shadow: 0 0 0 1px var(--line) }
.theme input:focus-visible + label { outline: 2px solid var(--accent) }
.facts { display: flex; flex-wrap: wrap; gap: 2px 28px; margin: 16px 0 0; font-size: 13.5px }
.facts div { display: flex; gap: 8px; min-width: 0 } .facts dt { color: var(--quiet) } .facts dd { margin: 0; overflow-wrap: anywhere }
.note { border-left: 3px solid var(--cap); margin: 14px 0 0; padding: 2px 14px; color: var(--quiet); font-size: 13.5px; overflow-wrap: anywhere }
`

const TABLES = `
.figures { display: grid; grid-template-columns: repeat(4, 1fr); gap: 12px; list-style: none; margin: 28px 0 0; padding: 0 }
.figures li { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 16px; min-width: 0 }
.figures span { display: block; color: var(--quiet); font-size: 13px }
.figures strong { font-size: 21px; font-weight: 650; letter-spacing: -.01em; white-space: nowrap; font-variant-numeric: tabular-nums }
.headline { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(400px, 100%), 1fr)); gap: 24px 40px; margin-top: 28px }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums }
caption { text-align: left; font-size: 16px; font-weight: 600; padding: 0 0 6px }
th { font-weight: 500; text-align: left } thead th { color: var(--quiet); font-size: 13px; vertical-align: bottom }
th, td { padding: 5px 10px; border-bottom: 1px solid var(--line) } thead th { border-bottom-color: var(--strong) }
th:first-child, td:first-child { padding-left: 0 } th:last-child, td:last-child { padding-right: 0 }
.number { text-align: right; white-space: nowrap } .date { white-space: nowrap }
td.words { overflow-wrap: break-word } tbody th { white-space: nowrap } .loss { color: var(--bad) }
.values th { color: var(--quiet); font-weight: 400 } .values td { font-weight: 550 }
.scroll { overflow-x: auto } .scroll + p { font-size: 13.5px; color: var(--quiet) }
.scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 4px }
section > .scroll + .scroll, figure + .scroll, .scroll + figure { margin-top: 32px }
.heat { font-size: 13px; table-layout: fixed; min-width: 720px } .heat th:first-child { width: 52px }
.heat th, .heat td { padding: 4px 6px } .heat td { border: 1px solid var(--paper) } .heat thead th { border-bottom: 0; font-size: 12.5px }
.heat .rose { background: color-mix(in srgb, var(--rose) var(--share), transparent) }
.heat .fell { background: color-mix(in srgb, var(--fell) var(--share), transparent) }
.heat .empty { color: var(--strong) } .heat .total { font-weight: 650; white-space: nowrap }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(380px, 100%), 1fr)); gap: 28px 48px; align-items: start }
.method { font-size: 13.5px; color: var(--quiet) } .method dt { color: var(--ink); font-weight: 600; margin-top: 8px } .method dd { margin: 0 }
footer { margin-top: 44px; padding-top: 12px; border-top: 1px solid var(--line); color: var(--quiet); font-size: 13px; overflow-wrap: anywhere }
`

const FIGURES = `
figure { margin: 0 } figure + figure { margin-top: 36px }
.figure-head { display: flex; justify-content: space-between; align-items: baseline; gap: 4px 24px; flex-wrap: wrap; margin-bottom: 8px }
figcaption { color: var(--quiet); font-size: 13.5px; margin-top: 6px; max-width: 100ch }
svg { width: 100%; height: auto; display: block; overflow: hidden }
.narrow { display: none }
.legend { display: flex; flex-wrap: wrap; gap: 2px 18px; list-style: none; margin: 0; padding: 0; font-size: 13px; color: var(--quiet) }
.legend li { display: flex; align-items: center; gap: 6px } .mark { display: inline-block; width: 16px; height: 0 }
.line-accent { border-top: 2px solid var(--accent) } .line-high { border-top: 2px dotted var(--quiet) }
.line-cap { border-top: 2px dashed var(--cap) } .line-stop { border-top: 2px solid var(--cap) }
.area-bad, .area-accent { height: 10px; border-top: 1px solid var(--bad); background: color-mix(in srgb, var(--bad) 22%, transparent) }
.area-accent { border-color: var(--accent); background: color-mix(in srgb, var(--accent) 26%, transparent) }
.up, .down { width: 11px; height: 10px; background: var(--good) }
.up { clip-path: polygon(50% 0, 100% 100%, 0 100%) } .down { clip-path: polygon(0 0, 100% 0, 50% 100%) }
.down.good { background: var(--accent) } .down.bad { background: var(--bad) }
.up.hollow { clip-path: polygon(50% 0, 100% 100%, 0 100%, 50% 0, 50% 32%, 22% 84%, 78% 84%, 50% 32%) }
`

const PHONE = `
@media screen and (max-width: 640px) {
  main { padding: 22px 16px 48px } h1 { font-size: 22px } section { margin-top: 36px }
  .figures { grid-template-columns: 1fr 1fr; gap: 8px } .figures li { padding: 9px 12px } .figures strong { font-size: 17px }
  .wide { display: none } .narrow { display: block }
  .facts { flex-direction: column } table { font-size: 13.5px } th, td { padding: 5px 8px }
}
`

const PRINT = `
@page { size: A4; margin: 14mm 13mm }
@media print {
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact }
  body { font-size: 11.5px } main { max-width: none; padding: 0 } .theme { display: none }
  h1 { font-size: 20px } h2 { font-size: 10.5px; padding-top: 8px; margin-bottom: 10px } .legend { font-size: 10.5px } h3, caption { font-size: 13px } table { font-size: 10px } thead th { font-size: 9.5px }
  .heat { font-size: 9.5px; min-width: 0 } .heat th, .heat td { padding: 2px 3px } .heat th:first-child { width: 34px } .heat thead th { font-size: 9.5px }
  th, td { padding: 3px 5px } section { margin-top: 24px } .scroll { overflow: visible }
  .headline { grid-template-columns: 1fr 1fr; gap: 12px 32px; margin-top: 16px } .figures { margin-top: 16px } .figures li { padding: 7px 11px } .figures strong { font-size: 15px }
  .columns { grid-template-columns: 1fr 1fr; gap: 16px 32px }
  figure, .headline table, .columns > div, tr, .figures { break-inside: avoid } h2, h3, caption, .figure-head { break-after: avoid }
  figcaption, .facts, .note, .method, footer { font-size: 10px }
}
`

/** The style of a tear sheet: light, dark and on paper; on a desk and on a phone. */
export const STYLE: string = [THEMES, PAGE, TABLES, FIGURES, PHONE, PRINT].join('')
