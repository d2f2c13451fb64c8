/**
 * policy.time: when a row counts. xCAT has the column and never reads it, so the form is ours:
 *
 *     mon-fri 08:00-18:00; sat 09:00-12:00,13:00-17:00; sun
 *
 * Windows are separated by `;`. A window is days, hours, or both: days from `mon` to `sun`, `daily`, single or from-to;
 * hours as HH:MM-HH:MM. Hours that pass midnight belong to the day they begin on. Local time of the server.
 */
export interface TimeWindow {
  /** 0: Sunday, as Date counts. */
  readonly days: ReadonlySet<number>
  /** Minutes of the day, from inclusive, to exclusive; to ≤ from passes midnight. */
  readonly hours: readonly (readonly [from: number, to: number])[]
}

export type Times = { readonly windows: readonly TimeWindow[] } | { readonly fault: string }

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const DAY_MINUTES = 24 * 60
const WHOLE_DAY = [[0, DAY_MINUTES]] as const

export function parseTimes(text: string): Times {
  const windows: TimeWindow[] = []
  for (const part of text.split(';')) {
    const window = parseWindow(part.trim().toLowerCase())
    if (!window) return { fault: `time "${text}" cannot be read: write it as mon-fri 08:00-18:00; sat 09:00-12:00` }
    windows.push(window)
  }
  return { windows }
}

function parseWindow(text: string): TimeWindow | undefined {
  const words = text.split(/\s+/)
  if (text === '' || words.length > 2) return undefined
  const hasDays = /^[a-z]/.test(text)
  const days = hasDays ? parseDays(words[0] ?? '') : new Set(DAYS.keys())
  const hoursWord = hasDays ? words[1] : words[0]
  // Hours alone are one word.
  if (!hasDays && words.length > 1) return undefined
  const hours = hoursWord === undefined ? WHOLE_DAY : parseHours(hoursWord)
  return days && hours && { days, hours }
}

function parseDays(text: string): Set<number> | undefined {
  const days = new Set<number>()
  if (text === 'daily') return new Set(DAYS.keys())
  for (const item of text.split(',')) {
    const [from = -1, to = from, ...more] = item.split('-').map((name) => dayNumber(name))
    if (from < 0 || to < 0 || more.length > 0) return undefined
    // fri-mon goes over the weekend.
    for (let day = from; ; day = (day + 1) % 7) {
      days.add(day)
      if (day === to) break
    }
  }
  return days
}

/** `mon` or `monday`; -1: no day. */
function dayNumber(name: string): number {
  if (!/^(sun|mon|tues?|wed(nes)?|thu(rs)?|fri|sat(ur)?)(day)?$/.test(name)) return -1
  return DAYS.indexOf(name.slice(0, 3))
}

function parseHours(text: string): [number, number][] | undefined {
  const hours: [number, number][] = []
  for (const item of text.split(',')) {
    const [, from = '', to = ''] = /^(\d\d?:\d\d)-(\d\d?:\d\d)$/.exec(item) ?? []
    const [begin, end] = [minutesOf(from), minutesOf(to)]
    if (begin === undefined || end === undefined || begin === end || begin === DAY_MINUTES) return undefined
    hours.push([begin, end])
  }
  return hours
}

function minutesOf(text: string): number | undefined {
  const [hour = NaN, minute = NaN] = text.split(':').map(Number)
  const minutes = hour * 60 + minute
  return minute < 60 && minutes <= DAY_MINUTES ? minutes : undefined
}

export function isWithin(windows: readonly TimeWindow[], now: Date): boolean {
  const minute = now.getHours() * 60 + now.getMinutes()
  const today = now.getDay()
  const yesterday = (today + 6) % 7
  return windows.some(({ days, hours }) =>
    hours.some(([from, to]) => {
      if (from < to) return days.has(today) && minute >= from && minute < to
      return (days.has(today) && minute >= from) || (days.has(yesterday) && minute < to)
    }),
  )
}
