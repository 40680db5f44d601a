/** The one-file build of echarts: it loads ten times as fast as the package's modules. Only what is used is declared. */
declare module 'echarts/dist/echarts.esm.min' {
  interface Chart {
    setOption(option: object): void
    renderToSVGString(): string
    dispose(): void
  }
  export function init(
    element: null,
    theme: null,
    options: { renderer: 'svg'; ssr: true; width: number; height: number },
  ): Chart
}
