// To which part of the house a function belongs.

const bench = new URL('../', import.meta.url).href;
const built = '/build/lib/';
const modules = '/node_modules/';
const named = ['frame', 'lane', 'session', 'handler', 'transport', 'time'];

export const waiting = 'waiting, `(idle)`';
/** V8 takes a poll of libuv for idle until the first callback in it, and with it what libuv reads and writes by itself. */
export const polling = 'on a core within `(idle)`: polls, reads, writes';
const native = 'kernel and native code, `(program)`';
const builtIn = 'functions in C++ (copies, system calls)';
const collector = 'garbage collector';
const assembly = 'drumline: hub, worker, plugin';
const rest = 'drumline: other folders';

/** All rooms, in the order of the table. */
export const rooms = [
  native,
  builtIn,
  collector,
  'Node.js',
  'grpc-js',
  'RxJS',
  ...named.map((folder) => `drumline: ${folder}`),
  assembly,
  rest,
  'floor: pipe',
  'floor: wire',
  'library',
  'code in `peers/` of other contestants',
  "the benchmark's own code",
  'elsewhere',
  polling,
  waiting,
];

const special = {
  '(idle)': waiting,
  '(garbage collector)': collector,
  '(program)': native,
  '(root)': native,
};

function ofDrumline(/** @type {string} */ url) {
  const [folder, ...file] = url.slice(url.indexOf(built) + built.length).split('/');
  if (named.includes(folder)) return `drumline: ${folder}`;
  return file.length > 0 && ['hub', 'worker', 'plugin'].includes(folder) ? assembly : rest;
}

function ofBench(/** @type {string} */ file) {
  const [folder, peer, name] = file.split('/');
  if (folder !== 'peers' || peer === 'drumline') return "the benchmark's own code";
  if (peer === 'floor') return name === 'wire.mjs' ? 'floor: wire' : 'floor: pipe';
  return 'code in `peers/` of other contestants';
}

/** The room of a function of that name in that file. */
export function roomOf(/** @type {{ name: string, url: string }} */ { name, url }) {
  if (url === '') return special[name] ?? builtIn;
  if (url.startsWith('node:')) return 'Node.js';
  const inModules = url.lastIndexOf(modules);
  if (inModules >= 0) {
    const path = url.slice(inModules + modules.length);
    if (path.startsWith('@grpc/grpc-js/')) return 'grpc-js';
    if (path.startsWith('rxjs/')) return 'RxJS';
    return path.startsWith('drumline/build/') ? ofDrumline(url) : 'library';
  }
  if (url.startsWith(bench)) return ofBench(url.slice(bench.length));
  return url.includes(built) ? ofDrumline(url) : 'elsewhere';
}
