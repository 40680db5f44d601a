import type { ExchangeCalendar, SpecialDay } from '../../../core/calendar/exchange-calendar.js'
import type { LocalDate } from '../../../core/time.js'
import { closed, onlySessions } from './day.js'

const closesEarly = (date: LocalDate, name: string): SpecialDay =>
  onlySessions(date, name, [{ name: 'regular', opens: '09:30', closes: '13:00' }])

const AMERICAN: Omit<ExchangeCalendar, 'name'> = {
  zone: 'America/New_York',
  knownFrom: '2025-01-01',
  knownUntil: '2027-12-31',
  isAlwaysOpen: false,
  weekend: [0, 6],
  hours: [{ from: '2025-01-01', sessions: [{ name: 'regular', opens: '09:30', closes: '16:00' }] }],
  days: [
    closed('2025-01-01', "New Year's Day"),
    closed('2025-01-09', 'Day of mourning for President Carter'),
    closed('2025-01-20', 'Martin Luther King Jr. Day'),
    closed('2025-02-17', "Washington's Birthday"),
    closed('2025-04-18', 'Good Friday'),
    closed('2025-05-26', 'Memorial Day'),
    closed('2025-06-19', 'Juneteenth'),
    closesEarly('2025-07-03', 'Eve of Independence Day'),
    closed('2025-07-04', 'Independence Day'),
    closed('2025-09-01', 'Labor Day'),
    closed('2025-11-27', 'Thanksgiving Day'),
    closesEarly('2025-11-28', 'Day after Thanksgiving'),
    closesEarly('2025-12-24', 'Christmas Eve'),
    closed('2025-12-25', 'Christmas'),
    closed('2026-01-01', "New Year's Day"),
    closed('2026-01-19', 'Martin Luther King Jr. Day'),
    closed('2026-02-16', "Washington's Birthday"),
    closed('2026-04-03', 'Good Friday'),
    closed('2026-05-25', 'Memorial Day'),
    closed('2026-06-19', 'Juneteenth'),
    closed('2026-07-03', 'Independence Day (observed)'),
    closed('2026-09-07', 'Labor Day'),
    closed('2026-11-26', 'Thanksgiving Day'),
    closesEarly('2026-11-27', 'Day after Thanksgiving'),
    closesEarly('2026-12-24', 'Christmas Eve'),
    closed('2026-12-25', 'Christmas'),
    closed('2027-01-01', "New Year's Day"),
    closed('2027-01-18', 'Martin Luther King Jr. Day'),
    closed('2027-02-15', "Washington's Birthday"),
    closed('2027-03-26', 'Good Friday'),
    closed('2027-05-31', 'Memorial Day'),
    closed('2027-06-18', 'Juneteenth (observed)'),
    closed('2027-07-05', 'Independence Day (observed)'),
    closed('2027-09-06', 'Labor Day'),
    closed('2027-11-25', 'Thanksgiving Day'),
    closesEarly('2027-11-26', 'Day after Thanksgiving'),
    closed('2027-12-24', 'Christmas (observed)'),
  ],
  sources: [
    {
      facts: 'Special days of 2025 to 2027',
      source: 'Holidays and early closings that NYSE and Nasdaq publish for 2025 to 2027, as reported',
      confidence: 'confirmed',
    },
    { facts: 'Hours', source: 'Core trading session of NYSE and Nasdaq', confidence: 'confirmed' },
  ],
}

/** The New York Stock Exchange. */
export const NYSE: ExchangeCalendar = { ...AMERICAN, name: 'NYSE' }

/** Nasdaq. */
export const NASDAQ: ExchangeCalendar = { ...AMERICAN, name: 'NASDAQ' }
