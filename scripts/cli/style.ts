/** Paints text; without colours each returns it as it is. */
export interface Style {
  readonly strong: (text: string) => string
  readonly faint: (text: string) => string
  readonly good: (text: string) => string
  readonly warning: (text: string) => string
  readonly bad: (text: string) => string
}

const same = (text: string): string => text
const paint =
  (code: number, end: number) =>
  (text: string): string =>
    `\u001b[${code}m${text}\u001b[${end}m`

/** Text without colours. */
export const plainStyle: Style = { strong: same, faint: same, good: same, warning: same, bad: same }

const colours: Style = {
  strong: paint(1, 22),
  faint: paint(2, 22),
  good: paint(32, 39),
  warning: paint(33, 39),
  bad: paint(31, 39),
}

/** Returns colours for a terminal whose owner has not set NO_COLOR (no-color.org), else plain text. */
export function styleFor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): Style {
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb' ? colours : plainStyle
}
