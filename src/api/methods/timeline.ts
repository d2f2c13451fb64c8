/** timeline: the boots of a node, read from the file the server keeps. */
import { existsSync } from 'node:fs'
import { z } from 'zod'
import { renderTimeline } from '../../timeline/render.ts'
import { openTimelineReader } from '../../timeline/store.ts'
import { commandResult } from '../protocol.ts'
import { method } from './context.ts'

export const timelineShow = method(
  z.object({ node: z.string(), all: z.boolean() }),
  ({ server, timelineFile }, { node, all }) => {
    server?.flushTimeline()
    const nothing = [`Nothing was seen of ${node} yet.`]
    if (!existsSync(timelineFile)) return commandResult(nothing, [])
    const reader = openTimelineReader({ file: timelineFile, now: Date.now })
    try {
      const boots = all ? reader.boots(node) : reader.boots(node).slice(-1)
      if (boots.length === 0) return commandResult(nothing, [])
      return commandResult(
        boots.map((boot) => renderTimeline(boot).trimEnd()),
        boots,
      )
    } finally {
      reader.close()
    }
  },
)
