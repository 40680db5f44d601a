import type {
  CalendarSource,
  ExchangeCalendar,
  RegularHours,
  SpecialDay,
} from '../../../core/calendar/exchange-calendar.js'
import { closed, muhurat, onlySessions } from './day.js'

const regular = (opens: string, closes: string) => [{ name: 'regular', opens, closes }]
const UNANNOUNCED =
  'A Muhurat session is announced for this Sunday; its times were not known. Import them, or the day counts as closed'

/** Special days of NSE and BSE, all segments of shares and their derivatives. */
const EQUITY_DAYS: readonly SpecialDay[] = [
  onlySessions('2025-02-01', 'Union Budget (Saturday)', regular('09:15', '15:30')),
  closed('2025-02-26', 'Mahashivratri'),
  closed('2025-03-14', 'Holi'),
  closed('2025-03-31', 'Id-ul-Fitr'),
  closed('2025-04-10', 'Mahavir Jayanti'),
  closed('2025-04-14', 'Ambedkar Jayanti'),
  closed('2025-04-18', 'Good Friday'),
  closed('2025-05-01', 'Maharashtra Day'),
  closed('2025-08-15', 'Independence Day'),
  closed('2025-08-27', 'Ganesh Chaturthi'),
  closed('2025-10-02', 'Gandhi Jayanti'),
  onlySessions('2025-10-21', 'Diwali, Laxmi Pujan', [muhurat('13:45', '14:45')]),
  closed('2025-10-22', 'Diwali, Balipratipada'),
  closed('2025-11-05', 'Guru Nanak Jayanti'),
  closed('2025-12-25', 'Christmas'),
  closed('2026-01-15', 'Municipal elections in Maharashtra', {
    note: 'Added on 12 January 2026 by circular FAOP72262; the list of December 2025 does not have it',
  }),
  closed('2026-01-26', 'Republic Day'),
  onlySessions('2026-02-01', 'Union Budget (Sunday)', regular('09:15', '15:30')),
  closed('2026-03-03', 'Holi'),
  closed('2026-03-26', 'Ram Navami'),
  closed('2026-03-31', 'Mahavir Jayanti'),
  closed('2026-04-03', 'Good Friday'),
  closed('2026-04-14', 'Ambedkar Jayanti'),
  closed('2026-05-01', 'Maharashtra Day'),
  closed('2026-05-28', 'Bakri Id'),
  closed('2026-06-26', 'Muharram'),
  closed('2026-09-14', 'Ganesh Chaturthi'),
  closed('2026-10-02', 'Gandhi Jayanti'),
  closed('2026-10-20', 'Dussehra'),
  closed('2026-11-08', 'Diwali, Laxmi Pujan (Sunday)', { confidence: 'expected', note: UNANNOUNCED }),
  closed('2026-11-10', 'Diwali, Balipratipada'),
  closed('2026-11-24', 'Guru Nanak Jayanti'),
  closed('2026-12-25', 'Christmas'),
]

const SOURCES_OF_DAYS: readonly CalendarSource[] = [
  {
    facts: 'Special days of 2025',
    source:
      "NSE's list for the calendar year 2025, as reported by brokers; circular of October 2025 on the Muhurat session",
    confidence: 'confirmed',
  },
  {
    facts: 'Special days of 2026',
    source: 'NSE circulars FAOP71777 and CMTR71775 of 12 December 2025, FAOP72262 of 12 January 2026',
    confidence: 'confirmed',
  },
]

/** Derivatives of NSE trade ten minutes longer since shares close in an auction. */
const DERIVATIVES_HOURS: readonly RegularHours[] = [
  { from: '2025-01-01', sessions: regular('09:15', '15:30') },
  { from: '2026-08-03', sessions: regular('09:15', '15:40') },
]

/** Shares that have derivatives leave continuous trading at 15:15 for the closing auction. */
const SHARES_HOURS: readonly RegularHours[] = [
  { from: '2025-01-01', sessions: regular('09:15', '15:30') },
  { from: '2026-08-03', sessions: regular('09:15', '15:15') },
]

const KNOWN = {
  zone: 'Asia/Kolkata',
  knownFrom: '2025-01-01',
  knownUntil: '2026-12-31',
  isAlwaysOpen: false,
  weekend: [0, 6],
  days: EQUITY_DAYS,
} as const

const sourceOfHours = (source: string, confidence: CalendarSource['confidence']): CalendarSource => ({
  facts: 'Hours',
  source,
  confidence,
})

/** Shares on NSE. */
export const NSE: ExchangeCalendar = {
  ...KNOWN,
  name: 'NSE',
  hours: SHARES_HOURS,
  sources: [
    ...SOURCES_OF_DAYS,
    sourceOfHours(
      'NSE circular CMTR72394 of 19 January 2026 and reports of May 2026 on the closing auction, 15:15 to 15:35 from 3 August 2026; shares without derivatives go on until 15:30',
      'announced',
    ),
  ],
}

/** Futures and options on NSE, Bank Nifty among them. */
export const NFO: ExchangeCalendar = {
  ...KNOWN,
  name: 'NFO',
  hours: DERIVATIVES_HOURS,
  sources: [
    ...SOURCES_OF_DAYS,
    sourceOfHours('Reports of 30 May 2026 of the NSE circular: 15:40 from 3 August 2026', 'confirmed'),
  ],
}

/** Shares on BSE. */
export const BSE: ExchangeCalendar = {
  ...KNOWN,
  name: 'BSE',
  hours: SHARES_HOURS,
  sources: [...SOURCES_OF_DAYS, sourceOfHours('As NSE: one framework of SEBI for both', 'expected')],
}

/** Futures and options on BSE. */
export const BFO: ExchangeCalendar = {
  ...KNOWN,
  name: 'BFO',
  hours: DERIVATIVES_HOURS,
  sources: [...SOURCES_OF_DAYS, sourceOfHours('As NSE: one framework of SEBI for both', 'expected')],
}
