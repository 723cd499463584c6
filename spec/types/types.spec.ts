import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';

// To add a program, put a file into right/ or wrong/. A wrong one begins with the error that it must give, and gives
// no other: `// error: TS2345 part of the text`.

const root = fileURLToPath(new URL('.', import.meta.resolve('drumline/package.json')));
const programs = (folder: string) =>
  readdirSync(`${root}spec/types/${folder}`).map((name) => `spec/types/${folder}/${name}`);

/** The compiler's errors, each with the lines that explain it, by file. */
async function compile(): Promise<Map<string, string[]>> {
  const tsc = `${root}node_modules/typescript/bin/tsc`;
  const run = promisify(execFile)(process.execPath, [tsc, '--pretty', 'false', '-p', 'spec/types'], {
    cwd: root,
  });
  const output: string = await run.then(
    ({ stdout }) => stdout,
    ({ stdout }) => stdout,
  );
  const errors = new Map<string, string[]>();
  for (const error of output.split(/\n(?=\S)/)) {
    const [, file = 'the compiler', text = error] = /^(.+?)\(\d+,\d+\): error (.*)$/s.exec(error) ?? [];
    if (text.trim() !== '') errors.set(file, [...(errors.get(file) ?? []), text]);
  }
  return errors;
}

describe('types', () => {
  const wrong = programs('wrong');
  const right = programs('right');
  let errors: Map<string, string[]>;

  before(async function () {
    this.timeout(60_000);
    errors = await compile();
  });

  it('has programs of both sorts', () => {
    expect(wrong).not.to.have.length(0);
    expect(right).not.to.have.length(0);
  });

  it('compiles everything else without an error', () => {
    expect([...errors.keys()].filter((file) => !wrong.includes(file) && !right.includes(file))).to.deep.equal(
      [],
    );
  });

  for (const file of right) {
    it(`accepts ${basename(file, '.ts')}`, () => {
      expect(errors.get(file) ?? []).to.deep.equal([]);
    });
  }

  for (const file of wrong) {
    it(`rejects ${basename(file, '.ts')}`, () => {
      const [, code, text] = /^\/\/ error: (TS\d+) (.+)/.exec(readFileSync(root + file, 'utf8')) ?? [];
      expect(code, 'the first line names no error').to.be.a('string');
      expect(errors.get(file)).to.have.length(1);
      expect(errors.get(file)?.[0])
        .to.match(new RegExp(`^${code}: `))
        .and.to.include(text);
    });
  }
});
