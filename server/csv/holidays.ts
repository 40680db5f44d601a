import { parseInstant } from '../../core/time.js'
import { readRecords } from './records.js'

/** A holiday of a CSV file. */
export interface Holiday {
  readonly line: number
  readonly date: string
  readonly exchange: string
  readonly description: string
}

/** A line that cannot be used. */
export interface HolidayProblem {
  readonly line: number
  readonly problem: string
}

const COLUMNS = ['date', 'exchange', 'description'] as const
const ISO_DATE = /^\d{4}-\d{2}-\d{2}$/

/** Returns the holidays of a CSV text with the columns date (YYYY-MM-DD), exchange, description, and every bad line. */
export function readHolidays(text: string): { holidays: Holiday[]; problems: HolidayProblem[] } {
  const holidays: Holiday[] = []
  const problems: HolidayProblem[] = []
  let isFirst = true
  for (const record of readRecords(Buffer.from(text))) {
    const { line } = record
    const fields = 'fields' in record ? record.fields.map((field) => field.trim()) : []
    const problem =
      'problem' in record ? record.problem : isFirst ? headerProblem(fields) : rowProblem(fields)
    if (problem !== null) problems.push({ line, problem })
    else if (!isFirst) {
      const [date, exchange, description] = fields as [string, string, string]
      holidays.push({ line, date, exchange: exchange.toUpperCase(), description })
    }
    isFirst = false
  }
  if (isFirst) problems.push({ line: 1, problem: `the file is empty; it begins with ${COLUMNS.join(',')}` })
  return { holidays, problems }
}

function headerProblem(fields: readonly string[]): string | null {
  const isHeader = fields.length === 3 && COLUMNS.every((column, at) => fields[at]!.toLowerCase() === column)
  return isHeader ? null : `the first line must be ${COLUMNS.join(',')}`
}

function rowProblem(fields: readonly string[]): string | null {
  if (fields.length !== 3) return `has ${fields.length} fields, not date, exchange and description`
  const [date, exchange, description] = fields as [string, string, string]
  if (!ISO_DATE.test(date) || parseInstant(date) === null) return `${date} is no date as YYYY-MM-DD`
  if (exchange === '') return 'names no exchange'
  return description === '' ? 'has no description' : null
}
