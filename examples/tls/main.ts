// A hub that lets in whom its authority knows, each worker under the name in its certificate. Two workers join; four
// others try: without a certificate, with one of another authority, without TLS, and under somebody else's name.
import {
  type Authenticate,
  BusError,
  createHub,
  createWorker,
  defineMessage,
  type HubAddress,
  handler,
} from 'drumline';
import { authority } from './certificates.js';

const Hello = defineMessage<string, string>('hello');
const log = { debug() {}, info() {}, warn() {}, error() {} };

const [ours, theirs] = await Promise.all([authority('our fleet'), authority('some other fleet')]);
const [hubPapers, ada, grace, stranger] = await Promise.all([
  ours.issue('hub'),
  ours.issue('ada'),
  ours.issue('grace'),
  theirs.issue('ada'),
]);

/** TLS has verified the certificate; what is left to say is whose worker id that is. */
const authenticate: Authenticate = ({ worker }, { peer }) => {
  const name = peer.certificate?.commonName;
  if (!name) throw new BusError('unauthenticated', 'no certificate');
  if (worker !== name)
    throw new BusError('unauthenticated', `the certificate is for '${name}', not for worker '${worker}'`);
  return { subject: name };
};

const hub = createHub({
  listen: { address: '127.0.0.1:0', tls: { ...hubPapers, ca: ours.ca } },
  authenticate,
  handlers: [
    handler(
      Hello,
      ({ payload }, { from }) =>
        `Hello ${from.id}, you said '${payload}', and you are really ${
          (from.identity as { subject: string }).subject
        }.`,
    ),
  ],
  log,
});
const refused: string[] = [];
hub.events$.subscribe(({ kind, worker, error }) => {
  if (kind === 'refused') refused.push(`${worker}: ${error?.code}`);
});
const address = await hub.start();
console.log(`the hub listens on ${address}, with mutual TLS`);

const workers = [ada, grace].map((papers, n) =>
  createWorker({ hub: { address, tls: { ...papers, ca: ours.ca } }, id: n === 0 ? 'ada' : 'grace', log }),
);
const answers: string[] = [];
for (const worker of workers) {
  await worker.start();
  answers.push(await worker.request(Hello, `I am ${worker.id}`));
}
for (const answer of answers) console.log(`  ${answer}`);

/** What comes of a worker that should not get in: the code of its error, and the hub's reason where there was a greeting. */
async function tries(how: string, id: string, at: HubAddress): Promise<string> {
  const worker = createWorker({ hub: at, id, log });
  try {
    await worker.start({ timeoutMs: 700 });
    return 'came in';
  } catch (thrown) {
    const { code, details, message } = thrown as BusError;
    console.log(`  ${how}: ${message}`);
    return code === 'handshake-refused' ? `${code} ${details.code}` : code;
  } finally {
    await worker.close();
  }
}

console.log('and these stay out:');
const outcomes = [
  await tries('no certificate', 'ada', { address, tls: { ca: ours.ca } }),
  await tries('a certificate of others', 'ada', { address, tls: { ...stranger, ca: ours.ca } }),
  await tries('no TLS', 'ada', address),
  await tries("grace's certificate, ada's name", 'ada', { address, tls: { ...grace, ca: ours.ca } }),
];

const fleet = [...hub.workers].map(([id, { identity }]) => `${id} is ${identity?.subject}`);
console.log(`the fleet: ${fleet.join(', ')}; refused by name: ${refused.join(', ')}`);

const expected = {
  answers: [
    "Hello ada, you said 'I am ada', and you are really ada.",
    "Hello grace, you said 'I am grace', and you are really grace.",
  ],
  outcomes: ['unreachable', 'unreachable', 'unreachable', 'handshake-refused unauthenticated'],
  fleet: ['ada is ada', 'grace is grace'],
  refused: ['ada: unauthenticated'],
};
const kept = JSON.stringify({ answers, outcomes, fleet, refused }) === JSON.stringify(expected);
console.log(kept ? 'as promised' : `broken: ${JSON.stringify({ answers, outcomes, fleet, refused })}`);
for (const worker of workers) await worker.close();
await hub.close();
if (!kept) process.exitCode = 1;
