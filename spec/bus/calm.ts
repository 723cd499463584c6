import { expect } from 'chai';

/** Holds, around every spec of a suite, that nothing was thrown or rejected past everybody. */
export function staysCalm(): void {
  const uncaught: unknown[] = [];
  const note = (thrown: unknown) => void uncaught.push(thrown);
  before(() => {
    process.on('unhandledRejection', note);
    process.on('uncaughtException', note);
  });
  afterEach(() => expect(uncaught.splice(0), 'thrown past everybody').to.deep.equal([]));
  after(() => {
    process.off('unhandledRejection', note);
    process.off('uncaughtException', note);
  });
}
