/** Files of the tree in the making, reached without ever following a link of the image out of it. */
import { chmod, mkdir, readdir, readFile, rm, rmdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ImageError } from '../image-error.ts'
import { lstatOrMissing, resolveInside } from '../liteimg/confined.ts'
import { writeFileAtomic } from '../liteimg/manifest.ts'

export class TreeFiles {
  readonly root: string

  constructor(root: string) {
    this.root = root
  }

  /** Where the object itself is, links above it followed inside the tree. */
  async place(rel: string): Promise<string> {
    const above = await resolveInside(this.root, dirname(rel))
    if (above === undefined) throw new ImageError('image-path', `/${rel} in the image is a loop of symbolic links`)
    return join(this.root, above, rel.slice(rel.lastIndexOf('/') + 1))
  }

  /** Where it leads to, if that is there. */
  async target(rel: string): Promise<string | undefined> {
    const real = await resolveInside(this.root, rel)
    if (real === undefined || (await lstatOrMissing(join(this.root, real))) === undefined) return undefined
    return join(this.root, real)
  }

  async read(rel: string): Promise<string | undefined> {
    const path = await this.target(rel)
    if (path === undefined || !(await lstatOrMissing(path))?.isFile()) return undefined
    return await readFile(path, 'latin1')
  }

  async names(rel: string): Promise<string[]> {
    const path = await this.target(rel)
    return path !== undefined && (await lstatOrMissing(path))?.isDirectory() ? (await readdir(path)).sort() : []
  }

  async isLink(rel: string): Promise<boolean> {
    return (await lstatOrMissing(await this.place(rel)))?.isSymbolicLink() === true
  }

  async exists(rel: string): Promise<boolean> {
    return (await lstatOrMissing(await this.place(rel))) !== undefined
  }

  /** In the place of whatever was there. */
  async write(rel: string, text: string, mode = 0o644): Promise<void> {
    const path = await this.place(rel)
    await this.makeDir(dirname(rel))
    await writeFileAtomic(path, Buffer.from(text, 'latin1'), mode)
  }

  async makeDir(rel: string, mode = 0o755): Promise<void> {
    const real = await resolveInside(this.root, rel)
    if (real === undefined) throw new ImageError('image-path', `/${rel} in the image is a loop of symbolic links`)
    let here = this.root
    for (const part of real.split('/').filter((each) => each !== '')) {
      here = join(here, part)
      if ((await lstatOrMissing(here)) !== undefined) continue
      await mkdir(here)
      await chmod(here, here === join(this.root, real) ? mode : 0o755)
    }
  }

  async link(rel: string, target: string): Promise<void> {
    const path = await this.place(rel)
    await this.makeDir(dirname(rel))
    await rm(path, { force: true })
    await symlink(target, path)
  }

  async remove(rel: string): Promise<void> {
    await rm(await this.place(rel), { recursive: true, force: true })
  }

  async removeEmptyDir(rel: string): Promise<void> {
    await rmdir(await this.place(rel)).catch(() => undefined)
  }
}
