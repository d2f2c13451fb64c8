/** timeline: the boots of a node, read from the file the server keeps. */
import { existsSync } from 'node:fs'
import { normalizeMac } from '../../../tables/addresses.ts'
import { renderEarlierFailures, renderTimeline } from '../../../timeline/render.ts'
import { openTimelineReader } from '../../../timeline/store.ts'
import { commandResult } from '../../protocol.ts'
import type { Method } from '../context.ts'

const NO_SERVER =
  'no server is running here: no node can boot, and those with an NFS root wait: systemctl start liteboot'

export const timelineShow: Method<'timeline.show'> = ({ server, timelineFile }, { node, all }) => {
  server?.flushTimeline()
  const noServer = server ? [] : [NO_SERVER]
  const nothing = commandResult([`Nothing was seen of ${node} yet.`, ...noServer], [])
  if (!existsSync(timelineFile)) return nothing
  const reader = openTimelineReader({ file: timelineFile, now: Date.now })
  try {
    const named = reader.boots(node)
    // Strangers stand under their hardware address, however it is written.
    const kept = named.length > 0 ? named : reader.boots(normalizeMac(node) ?? node)
    const boots = all ? kept : kept.slice(-1)
    if (boots.length === 0) return nothing
    const before = all ? undefined : renderEarlierFailures(kept)
    const lines = [...boots.map((boot) => renderTimeline(boot).trimEnd()), ...(before ? [before] : []), ...noServer]
    return commandResult(lines, boots)
  } finally {
    reader.close()
  }
}
