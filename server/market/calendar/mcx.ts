import type { ExchangeCalendar } from '../../../core/calendar/exchange-calendar.js'
import { closed, eveningOnly, morningOnly, muhurat, onlySessions } from './day.js'

const budget = [{ name: 'morning', opens: '09:00', closes: '17:00' }]

/**
 * Commodity derivatives on MCX, those that follow markets abroad (bullion, base metals, energy). Morning and evening are
 * closed apart; the evening ends with New York's daylight saving time.
 */
export const MCX: ExchangeCalendar = {
  name: 'MCX',
  zone: 'Asia/Kolkata',
  knownFrom: '2025-01-01',
  knownUntil: '2026-12-31',
  isAlwaysOpen: false,
  weekend: [0, 6],
  hours: [
    {
      from: '2025-01-01',
      sessions: [
        { name: 'morning', opens: '09:00', closes: '17:00' },
        { name: 'evening', opens: '17:00', closes: 'mcx' },
      ],
    },
  ],
  days: [
    morningOnly('2025-01-01', "New Year's Day"),
    onlySessions('2025-02-01', 'Union Budget (Saturday)', budget),
    eveningOnly('2025-02-26', 'Mahashivratri'),
    eveningOnly('2025-03-14', 'Holi'),
    eveningOnly('2025-03-31', 'Id-ul-Fitr'),
    eveningOnly('2025-04-10', 'Mahavir Jayanti'),
    eveningOnly('2025-04-14', 'Ambedkar Jayanti'),
    closed('2025-04-18', 'Good Friday'),
    eveningOnly('2025-05-01', 'Maharashtra Day'),
    closed('2025-08-15', 'Independence Day'),
    eveningOnly('2025-08-27', 'Ganesh Chaturthi'),
    closed('2025-10-02', 'Gandhi Jayanti'),
    onlySessions('2025-10-21', 'Diwali, Laxmi Pujan', [muhurat('13:45', '14:45')]),
    eveningOnly('2025-10-22', 'Diwali, Balipratipada'),
    eveningOnly('2025-11-05', 'Guru Nanak Jayanti'),
    closed('2025-12-25', 'Christmas'),
    morningOnly('2026-01-01', "New Year's Day"),
    eveningOnly('2026-01-15', 'Municipal elections in Maharashtra', {
      note: 'Added by the circular of 12 January 2026',
    }),
    closed('2026-01-26', 'Republic Day'),
    onlySessions('2026-02-01', 'Union Budget (Sunday)', budget),
    eveningOnly('2026-03-03', 'Holi'),
    eveningOnly('2026-03-26', 'Ram Navami', { note: 'One of the lists that brokers publish lacks it' }),
    eveningOnly('2026-03-31', 'Mahavir Jayanti'),
    closed('2026-04-03', 'Good Friday'),
    eveningOnly('2026-04-14', 'Ambedkar Jayanti'),
    eveningOnly('2026-05-01', 'Maharashtra Day'),
    eveningOnly('2026-05-28', 'Bakri Id'),
    eveningOnly('2026-06-26', 'Muharram'),
    eveningOnly('2026-09-14', 'Ganesh Chaturthi', { confidence: 'announced' }),
    closed('2026-10-02', 'Gandhi Jayanti', { confidence: 'announced' }),
    eveningOnly('2026-10-20', 'Dussehra', { confidence: 'announced' }),
    closed('2026-11-08', 'Diwali, Laxmi Pujan (Sunday)', {
      confidence: 'expected',
      note: 'A Muhurat session is announced for this Sunday; its times were not known. Import them, or the day counts as closed',
    }),
    eveningOnly('2026-11-10', 'Diwali, Balipratipada', { confidence: 'announced' }),
    eveningOnly('2026-11-24', 'Guru Nanak Jayanti', { confidence: 'announced' }),
    closed('2026-12-25', 'Christmas', { confidence: 'announced' }),
  ],
  sources: [
    {
      facts: 'Special days of 2025',
      source: "Brokers' copies of the list of MCX for 2025, press release of MCX of 29 January 2025",
      confidence: 'confirmed',
    },
    {
      facts: 'Special days of 2026',
      source:
        "Press and brokers' copies of the list of MCX for 2026, circular of 12 January 2026; NSE's list for its own commodity segment agrees on the dates",
      confidence: 'announced',
    },
    {
      facts: 'Hours: 23:30 in daylight saving time of New York, else 23:55',
      source: 'Circulars of MCX at each change; the reference system closes by the same rule',
      confidence: 'confirmed',
    },
  ],
}
