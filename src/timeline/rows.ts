/** BootEvent ↔ a row of the event table. */
import type { BootEvent } from './event.ts'
import { TIMELINE_LIMITS } from './limits.ts'

/** No name of a node has a colon: a stranger's hardware address. Else its address, where nobody knows more. */
export const IS_STRANGER = "(subject GLOB '*:*' OR subject GLOB '[0-9]*.[0-9]*.[0-9]*.[0-9]*')"

/** The same as IS_STRANGER. */
export function isStranger(subject: string): boolean {
  return subject.includes(':') || /^\d.*\.\d.*\.\d.*\.\d/.test(subject)
}

export const SCHEMA = `
CREATE TABLE IF NOT EXISTS event (
  id INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  service TEXT NOT NULL,
  event TEXT NOT NULL,
  ok INTEGER NOT NULL,
  node TEXT, mac TEXT, ip TEXT, object TEXT, detail TEXT,
  bytes INTEGER, duration_ms INTEGER,
  stage TEXT, result TEXT, boot_id TEXT, seq INTEGER, uptime_seconds REAL
);
CREATE INDEX IF NOT EXISTS event_subject ON event (subject, at_ms);
CREATE INDEX IF NOT EXISTS event_at ON event (at_ms);
CREATE INDEX IF NOT EXISTS event_stranger ON event (id) WHERE ${IS_STRANGER};
`

/** In the order in which writeRow gives the values. */
export const COLUMNS = [
  'at_ms',
  'service',
  'event',
  'ok',
  'node',
  'mac',
  'ip',
  'object',
  'detail',
  'bytes',
  'duration_ms',
  'stage',
  'result',
  'boot_id',
  'seq',
  'uptime_seconds',
] as const

type Cell = string | number | null

export type EventRow = Readonly<Record<(typeof COLUMNS)[number], Cell>>

/** Clients choose the names of files, and terminals obey control characters. */
export function writeRow(event: BootEvent): Cell[] {
  return [
    Math.round(event.atMs),
    event.service,
    event.event,
    event.ok ? 1 : 0,
    event.node ?? null,
    event.mac ?? null,
    event.ip ?? null,
    event.object?.slice(0, TIMELINE_LIMITS.objectChars).replace(/[\p{Cc}\p{Cf}]/gu, '?') ?? null,
    event.detail?.slice(0, TIMELINE_LIMITS.detailChars).replace(/(?![\t\n\r])[\p{Cc}\p{Cf}]/gu, '?') ?? null,
    event.bytes ?? null,
    event.durationMs === undefined ? null : Math.round(event.durationMs),
    event.stage ?? null,
    event.result ?? null,
    event.bootId ?? null,
    event.seq ?? null,
    event.uptimeSeconds ?? null,
  ]
}

export function readRow(row: EventRow): BootEvent {
  return {
    atMs: Number(row.at_ms),
    // Only writeRow fills the table, from typed events.
    service: row.service as BootEvent['service'],
    event: String(row.event),
    ok: row.ok === 1,
    ...(typeof row.node === 'string' ? { node: row.node } : {}),
    ...(typeof row.mac === 'string' ? { mac: row.mac } : {}),
    ...(typeof row.ip === 'string' ? { ip: row.ip } : {}),
    ...(typeof row.object === 'string' ? { object: row.object } : {}),
    ...(typeof row.detail === 'string' ? { detail: row.detail } : {}),
    ...(typeof row.bytes === 'number' ? { bytes: row.bytes } : {}),
    ...(typeof row.duration_ms === 'number' ? { durationMs: row.duration_ms } : {}),
    ...(typeof row.stage === 'string' ? { stage: row.stage } : {}),
    ...(isResult(row.result) ? { result: row.result } : {}),
    ...(typeof row.boot_id === 'string' ? { bootId: row.boot_id } : {}),
    ...(typeof row.seq === 'number' ? { seq: row.seq } : {}),
    ...(typeof row.uptime_seconds === 'number' ? { uptimeSeconds: row.uptime_seconds } : {}),
  }
}

function isResult(cell: Cell): cell is NonNullable<BootEvent['result']> {
  return cell === 'start' || cell === 'ok' || cell === 'retry' || cell === 'failed'
}
