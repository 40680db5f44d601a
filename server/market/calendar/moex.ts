import type { ExchangeCalendar } from '../../../core/calendar/exchange-calendar.js'
import { closed } from './day.js'

const WEEKEND_FORMAT = 'Part of the shares trades 09:50 to 19:00 as on weekends; that session is not counted'

/**
 * Shares on the Moscow Exchange: the continuous trading of the main session, in which everything trades. The morning
 * session (from 06:50), the evening session (until 23:50) and the sessions of weekends are left out: they trade a part
 * of the shares in narrower limits.
 */
export const MOEX: ExchangeCalendar = {
  name: 'MOEX',
  zone: 'Europe/Moscow',
  knownFrom: '2025-01-01',
  knownUntil: '2026-12-31',
  isAlwaysOpen: false,
  weekend: [0, 6],
  hours: [{ from: '2025-01-01', sessions: [{ name: 'main', opens: '10:00', closes: '18:40' }] }],
  days: [
    closed('2025-01-01', 'New Year', { confidence: 'announced' }),
    closed('2025-01-02', 'New Year', { confidence: 'announced' }),
    closed('2025-01-07', 'Christmas', { confidence: 'announced' }),
    closed('2025-05-01', 'Spring and Labour Day', { confidence: 'announced' }),
    closed('2025-05-09', 'Victory Day', { confidence: 'announced' }),
    closed('2025-06-12', 'Russia Day', { confidence: 'announced' }),
    {
      date: '2025-11-01',
      name: 'Working Saturday',
      closed: 'none',
      extra: [{ name: 'main', opens: '10:00', closes: '18:40' }],
      confidence: 'announced',
      note: null,
    },
    closed('2025-11-04', 'Unity Day', { confidence: 'announced' }),
    closed('2025-12-31', "New Year's Eve", { confidence: 'announced' }),
    closed('2026-01-01', 'New Year'),
    closed('2026-01-02', 'New Year'),
    closed('2026-01-07', 'Christmas'),
    closed('2026-02-23', 'Defender of the Fatherland Day', { note: WEEKEND_FORMAT }),
    closed('2026-05-01', 'Spring and Labour Day', { note: WEEKEND_FORMAT }),
    closed('2026-06-12', 'Russia Day', { note: WEEKEND_FORMAT }),
    closed('2026-11-04', 'Unity Day', { note: WEEKEND_FORMAT }),
    closed('2026-12-31', "New Year's Eve"),
  ],
  sources: [
    {
      facts: 'Special days of 2025',
      source: "The exchange's notice on public holidays of 2025 (n73701), as reported",
      confidence: 'announced',
    },
    {
      facts: 'Special days of 2026',
      source: "The exchange's notices of 6 October and 30 December 2025, as reported by the press",
      confidence: 'confirmed',
    },
    { facts: 'Hours', source: 'Regulations of the share market since 2021', confidence: 'announced' },
  ],
}
