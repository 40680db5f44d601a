import { dirname, join } from 'node:path/posix'
import type { SourceFile } from './rules.js'

/** A link of a document that leads nowhere in the repository, as a sentence; `files` are all of its documents. */
export function findBrokenLinks(
  document: SourceFile,
  exists: (path: string) => boolean,
  files: readonly SourceFile[],
): string[] {
  const prose = document.text.replace(/```[\s\S]*?```/g, '')
  const links = [...prose.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = '']) => target)
  return links
    .filter((target) => !/^[a-z]+:/.test(target))
    .flatMap((target) => {
      const [path = '', anchor] = target.split('#')
      const destination = path === '' ? document.path : join(dirname(document.path), path)
      if (!exists(destination)) return [`${document.path} links to ${target}, which does not exist`]
      const text = files.find((file) => file.path === destination)?.text
      if (anchor === undefined || text === undefined || headingAnchors(text).includes(anchor)) return []
      return [`${document.path} links to ${target}, and there is no such heading`]
    })
}

/** The anchors of a document's headings, as the usual viewers derive them. */
function headingAnchors(text: string): string[] {
  const headings = [...text.replace(/```[\s\S]*?```/g, '').matchAll(/^#+ +(.+?) *$/gm)].map(
    ([, heading = '']) => heading,
  )
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
