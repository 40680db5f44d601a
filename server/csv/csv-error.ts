/** Thrown when a CSV file as a whole is of no use; the message names the file and says what to do. */
export class CsvError extends Error {
  readonly file: string
  /** Line that the error is about, the first one is 1; null when it is about all of the file. */
  readonly line: number | null

  constructor(file: string, line: number | null, problem: string) {
    super(line === null ? `${file}: ${problem}` : `${file}:${line}: ${problem}`)
    this.name = 'CsvError'
    this.file = file
    this.line = line
  }
}
