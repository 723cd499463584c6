import { expect } from 'chai';
import { project, trackedFiles } from './sources.js';
import { deadLinks, strayWords } from './words.js';

describe('Words', () => {
  const files = trackedFiles();

  before(function () {
    if (files !== undefined) return;
    console.log('not run here: words of the tracked files, for want of git');
    this.skip();
  });

  it('of the project name no machine, no registry and nothing left over', () => {
    expect(strayWords(files ?? new Map())).to.deep.equal([]);
  });

  it('of its pages link to what is there', () => {
    expect(deadLinks(files ?? new Map())).to.deep.equal([]);
  });
});

describe('The rules for words', () => {
  const seen = (line: string) => strayWords(project({ 'docs/page.md': `fine\n${line}\n` }));

  for (const line of [
    ['cd /ho', 'me/someone/drumline'],
    ['import "/wo', 'rk/main/lib/index.js"'],
    ['C:\\Us', 'ers\\someone'],
    ['https://registry.', 'example.org/rxjs'],
    ['"resolved": "git+ssh:', '//host/x.git"'],
    ['// TO', 'DO: later'],
    ['FIX', 'ME'],
    ['<<<<', '<<< HEAD'],
    ['====', '==='],
    ['it.on', "ly('works', () => {})"],
    ['describe.sk', "ip('works', () => {})"],
    ['xi', "t('works', () => {})"],
  ].map((parts) => parts.join(''))) {
    it(`see \`${line}\``, () => {
      expect(seen(line)).to.have.lengthOf(1);
      expect(seen(line)[0]).to.match(/^docs\/page\.md:2 /);
    });
  }

  it('leave ordinary lines alone', () => {
    for (const line of [
      'see https://example.org/home/page',
      '"resolved": "plugins/metrics"',
      'mktemp XXXXXX',
      'this.skip()',
    ]) {
      expect(seen(line), line).to.deep.equal([]);
    }
  });

  const links = (text: string) =>
    deadLinks(
      project({
        'README.md': text,
        'docs/guide.md': '# First steps\n\n## `beat`: how often?\n',
        'lib/index.ts': '',
      }),
    );

  it('find links to files, folders, pages of the web and headings', () => {
    const text =
      '# Top\n[a](docs/guide.md) [b](./docs) [c](https://x.org) [d](lib/index.ts "t") ' +
      '[e](docs/guide.md#first-steps) [f](#top) [g](docs/guide.md#beat-how-often)\n\n[h]: docs/guide.md\n';
    expect(links(text)).to.deep.equal([]);
  });

  it('see a file or a heading that is not there, also behind a reference or an image', () => {
    const text = '[a](docs/none.md) ![b](c.png) [d](docs/guide.md#none) [e](#none)\n\n[f]: none.md\n';
    expect(links(text)).to.have.lengthOf(5);
  });

  it('do not read links out of code', () => {
    expect(links('```ts\nf[a](none.md)\n```\n`[a](none.md)`\n')).to.deep.equal([]);
  });
});
