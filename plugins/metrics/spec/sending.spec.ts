import { expect } from 'chai';
import { BusError } from 'drumline/plugin';
import { NEVER, type Observable, of, throwError } from 'rxjs';
import { Measured } from './measured.js';

describe('the measuring of calls', () => {
  let measured: Measured;
  beforeEach(() => {
    measured = new Measured();
  });
  const calls = (verb: string, outcome: string) =>
    measured.value('calls_total', { verb, type: 'job', outcome });

  it('counts and times a request, and gives its reply', async () => {
    expect(await measured.send('request', async () => 'reply')).to.equal('reply');
    expect(await calls('request', 'ok')).to.equal(1);
    expect(await measured.value('call_seconds_count', { verb: 'request' })).to.equal(1);
  });

  it('counts a failure under its code, and leaves it to whoever called', async () => {
    const error = new BusError('peer-lost', 'gone');
    const result = measured.send('send', () => Promise.reject(error)) as Promise<unknown>;
    expect(await result.catch((thrown) => thrown)).to.equal(error);
    expect(await calls('send', 'peer-lost')).to.equal(1);
    expect(await measured.value('call_seconds_count', { verb: 'send' })).to.equal(1);
  });

  it('does not hide a rejection that nobody waits for', async () => {
    const unhandled: unknown[] = [];
    const listeners = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', (thrown) => unhandled.push(thrown));
    const error = new BusError('closed', 'closed');
    void measured.send('request', () => Promise.reject(error));
    await new Promise(setImmediate);
    process.removeAllListeners('unhandledRejection');
    for (const listener of listeners) process.on('unhandledRejection', listener);
    expect(unhandled).to.deep.equal([error]);
  });

  it('counts what throws at once', async () => {
    const error = new BusError('closed', 'closed');
    expect(() =>
      measured.send('publish', () => {
        throw error;
      }),
    ).to.throw(error);
    expect(await calls('publish', 'closed')).to.equal(1);
  });

  it('counts the receivers of a publish, queued and dropped', async () => {
    const published = { queued: 7, dropped: 2 };
    expect(measured.send('publish', () => published)).to.equal(published);
    expect(await measured.value('published_total', { result: 'queued' })).to.equal(7);
    expect(await measured.value('published_total', { result: 'dropped' })).to.equal(2);
    expect(await calls('publish', 'ok')).to.equal(1);
  });

  it('counts each subscription of a stream by its end', async () => {
    const stream = (items$: Observable<unknown>) =>
      measured.send('stream', () => items$) as Observable<unknown>;
    const items$ = stream(of(1, 2));
    items$.subscribe();
    items$.subscribe();
    stream(throwError(() => new BusError('timeout', ''))).subscribe({ error() {} });
    stream(NEVER).subscribe().unsubscribe();
    stream(NEVER);
    expect(await calls('stream', 'ok')).to.equal(2);
    expect(await calls('stream', 'timeout')).to.equal(1);
    expect(await calls('stream', 'cancelled')).to.equal(1);
  });

  it('passes on what another plugin answers in its own way', () => {
    expect(measured.send('stream', () => 'no stream')).to.equal('no stream');
    expect(measured.send('publish', () => undefined)).to.equal(undefined);
  });
});
