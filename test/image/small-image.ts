/** The smallest image that liteimg takes: a kernel, the modules of an NFS root, a busybox, one file. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { encodeElf } from './elf-file.ts'

const APPLETS =
  'awk cat chmod chown cp cpio cut df find grep gzip ip ln ls mkdir mkfifo modprobe mount mv od readlink rm sed sh sha256sum sleep sort stat switch_root tail tee timeout tr udhcpc umount uname wget xargs'

/** @param builtin modules that are part of the kernel, as in modules.builtin */
export function putSmallImage(rootimgdir: string, builtin: readonly string[] = []): void {
  const put = (path: string, content: string | Buffer) => {
    mkdirSync(dirname(join(rootimgdir, 'rootimg', path)), { recursive: true })
    writeFileSync(join(rootimgdir, 'rootimg', path), content)
  }
  const kernel = Buffer.alloc(0x300)
  kernel.write('HdrS', 0x202)
  put('boot/vmlinuz-6.1.0-56', kernel)
  const modules = ['fs/nfs/nfs.ko', 'fs/nfs/nfsv3.ko', 'net/sunrpc/sunrpc.ko']
  for (const name of modules) put(`lib/modules/6.1.0-56/kernel/${name}`, encodeElf({ machine: 62, modinfo: {} }))
  put('lib/modules/6.1.0-56/modules.dep', modules.map((name) => `kernel/${name}:\n`).join(''))
  put('lib/modules/6.1.0-56/modules.alias', '')
  put('lib/modules/6.1.0-56/modules.builtin', builtin.map((name) => `kernel/${name}.ko\n`).join(''))
  put(
    'bin/busybox',
    Buffer.concat([encodeElf({ machine: 62, modinfo: {} }), Buffer.from(`\0${APPLETS.replaceAll(' ', '\0')}\0`)]),
  )
  put('etc/motd', 'welcome')
}
