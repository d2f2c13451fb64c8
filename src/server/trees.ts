/** The file trees that HTTP serves from site.installdir and site.tftpdir, wherever the tables put them at the moment. */
import { resolve } from 'node:path'
import type { Cluster, Snapshot } from '../cluster/model.ts'
import { fileRoute } from '../http/file-routes.ts'
import type { FileServer } from '../http/files.ts'
import type { HttpRoute } from '../http/route.ts'

/** A tree whose root is a setting: the route follows the setting. */
function movableTree(rootOf: () => string, make: (root: string) => HttpRoute): HttpRoute {
  let root = rootOf()
  let route = make(root)
  return {
    name: route.name,
    events: route.events,
    matches: (path) => route.matches(path),
    handle(request, response) {
      if (rootOf() !== root) {
        root = rootOf()
        route = make(root)
      }
      return route.handle(request, response)
    },
  }
}

function isInside(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`)
}

/** Directories of images that may be read by everybody: package repositories. Never the root trees with their secrets. */
function packageDirectories(snapshot: Snapshot): string[] {
  const { installdir } = snapshot.site
  return [...snapshot.images.values()].flatMap((image) => {
    const own = [image.attribute('pkgdir'), image.attribute('otherpkgdir')].flatMap((cell) => (cell ?? '').split(','))
    const standard = [
      `${installdir}/${image.osvers}/${image.osarch}`,
      `${installdir}/post/otherpkgs/${image.osvers}/${image.osarch}`,
    ]
    return [...own, ...standard].map((directory) => directory.trim()).filter((directory) => directory.startsWith('/'))
  })
}

/**
 * `/install`: postscripts and package repositories only. It also holds image roots and often persistent directories,
 * which are nobody's business over HTTP.
 */
export function installRoute(files: FileServer, cluster: Cluster): HttpRoute {
  let compiledFor: Snapshot | undefined
  let allowed: string[] = []
  const isAllowed = (path: string): boolean => {
    const snapshot = cluster.current
    if (snapshot !== compiledFor) {
      compiledFor = snapshot
      const directories = [`${snapshot.site.installdir}/postscripts`, ...packageDirectories(snapshot)].map((name) =>
        resolve(name),
      )
      const roots = [...snapshot.images.values()].flatMap(({ rootimgdir }) => [
        `${rootimgdir}/rootimg`,
        `${rootimgdir}/generations`,
      ])
      // A repository setting that would uncover an image root counts for nothing.
      allowed = directories.filter(
        (directory) => !roots.some((root) => isInside(root, directory) || isInside(directory, root)),
      )
    }
    return allowed.some((directory) => isInside(path, directory))
  }
  return movableTree(
    () => cluster.current.site.installdir,
    (root) =>
      fileRoute(files, '/install', root, { listing: true, deny: (path) => !isAllowed(resolve(`${root}${path}`)) }),
  )
}

export function tftpbootRoute(files: FileServer, cluster: Cluster): HttpRoute {
  return movableTree(
    () => cluster.current.site.tftpdir,
    (root) => fileRoute(files, '/tftpboot', root),
  )
}
