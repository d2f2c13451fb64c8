/** Logs that look like tables: rows are added by the server and removed by tabprune, never edited. */
import { column, type TableSchema, table } from './table-schema.ts'

export interface LogSchema extends TableSchema {
  /** Holds the local time of a row as YYYY-MM-DD HH:MM:SS, so that texts sort as times do. */
  readonly timeColumn: string
}

export const LOG_SCHEMAS: readonly LogSchema[] = [
  {
    ...table({
      name: 'auditlog',
      description:
        'Log of every change asked for, made or refused. Rows are added by the server; tabprune removes old ones.',
      key: ['recid'],
      columns: [
        column('recid', 'Number of the record, counted up by itself.'),
        column('audittime', 'Local time, YYYY-MM-DD HH:MM:SS.'),
        column('userid', 'Who ran the command.'),
        column('clientname', 'Short name of the host the command came from.'),
        column('clienttype', 'How it was asked for: cli or api.'),
        column('command', 'The command. site.auditskipcmds names commands that are not to be logged.'),
        column('noderange', 'The nodes it was about.'),
        column('args', 'The other arguments; passwords are masked.'),
        column('status', 'Allowed, Denied (by the policy table) or Failed.'),
      ],
    }),
    timeColumn: 'audittime',
  },
  {
    ...table({
      name: 'eventlog',
      description:
        'Log of events: how boots of nodes ended, starts and stops of the server. tabprune removes old rows.',
      key: ['recid'],
      columns: [
        column('recid', 'Number of the record, counted up by itself.'),
        column('eventtime', 'Local time, YYYY-MM-DD HH:MM:SS.'),
        column('eventtype', 'Type of the event: boot or server.'),
        column('monitor', 'The monitor that watches for this event: liteboot.'),
        column('monnode', 'The node that watches for it.'),
        column('node', 'The node where it happened.'),
        column('application', 'The program that reports it.'),
        column('component', 'The part where it happened: the stage of a boot, or server.'),
        column('id', 'Which one: of a boot, its id.'),
        column('severity', 'informational, warning or critical.'),
        column('message', 'What happened.'),
        column('rawdata', 'Data that belong to the event.'),
      ],
    }),
    timeColumn: 'eventtime',
  },
]
