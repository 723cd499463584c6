import { posix } from 'node:path';
import type { Files } from './sources.js';

interface Word {
  readonly pattern: RegExp;
  readonly what: string;
}

// Written so that no pattern matches itself.
const words: readonly Word[] = [
  { pattern: /(?<![\w./:-])[/](?:home|Users|root|work)[/]\w+/, what: 'a path of one machine' },
  { pattern: /\b[A-Z]:\\Users\\/, what: 'a path of one machine' },
  {
    pattern: /\b(?:registry|packages)[.][\w-]+[.]\w+/,
    what: 'the host of a registry',
  },
  { pattern: /"resolved": "[a-z+]+:[/][/]/, what: 'the host of a registry' },
  { pattern: /\b(?:TO[D]O|FIX[M]E|X[X]X|HA[C]K)\b/, what: 'a leftover marker' },
  { pattern: /^(?:<{7}|>{7}|={7})(?: |$)/, what: 'a mark of a merge' },
  {
    pattern: /\b(?:describe|context|it)[.](?:only|skip)\b|\bx(?:describe|it)\(/,
    what: 'a spec that does not run',
  },
];

/** Lines that hold what no file of the project may hold. */
export function strayWords(files: Files): string[] {
  return [...files].flatMap(([path, text]) =>
    text
      .split('\n')
      .flatMap((content, index) =>
        words
          .filter(({ pattern }) => pattern.test(content))
          .map(({ what }) => `${path}:${index + 1} has ${what}`),
      ),
  );
}

const isPage = (path: string): boolean => path.endsWith('.md');

/** Relative links of Markdown pages to files that are not there, or to headings that their page has not. */
export function deadLinks(files: Files): string[] {
  const folders = new Set([...files.keys()].flatMap(parentsOf));
  return [...files]
    .filter(([path]) => isPage(path))
    .flatMap(([path, text]) =>
      linksOf(text).flatMap((link) => {
        const [target = '', heading] = link.split('#', 2);
        const found =
          target === ''
            ? path
            : posix.join(posix.dirname(path), decodeURIComponent(target)).replace(/\/$/, '');
        if (!files.has(found) && !folders.has(found))
          return [`${path} links to ${link}: there is no such file`];
        if (heading === undefined || !isPage(found)) return [];
        const known = anchorsOf(files.get(found) ?? '').includes(heading);
        return known ? [] : [`${path} links to ${link}: there is no such heading`];
      }),
    );
}

function parentsOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

const withoutCode = (text: string): string =>
  text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').replace(/`[^`\n]*`/g, '');

function linksOf(text: string): string[] {
  const links = [...withoutCode(text).matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)/gm)];
  return links.map((match) => match[1] ?? match[2] ?? '').filter((link) => !/^[a-z][a-z+.-]*:/i.test(link));
}

/** Headings as the address of a page spells them: lower case, hyphens, no punctuation. */
function anchorsOf(text: string): string[] {
  const headings = [...text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').matchAll(/^#{1,6}\s+(.*?)\s*$/gm)];
  return headings.map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}
