import { expect } from 'chai';
import { usesOf } from './promql.js';

describe('the reader of PromQL', () => {
  it('finds series, the labels that select them and those that group', () => {
    const read = usesOf(
      'histogram_quantile(0.99, sum by (le, type) (rate(a_bucket{job=~"x{y,\\"z", code!="b"}[$__rate_interval]))) / b',
    );
    expect(read).to.deep.equal({
      series: [
        { name: 'a_bucket', selectedBy: ['job', 'code'] },
        { name: 'b', selectedBy: [] },
      ],
      groupedBy: ['le', 'type'],
    });
  });

  it('takes no function, keyword, number or text for a series', () => {
    expect(usesOf('sum(increase(a{rate="sum"}[$__rate_interval])) * 100').series).to.deep.equal([
      { name: 'a', selectedBy: ['rate'] },
    ]);
  });

  const wrong = [
    'irate(a[$__rate_interval])',
    'sum by type (a)',
    'sum((a)',
    'a)',
    'a{b}',
    'a{b=c}',
    'a[5m',
    'a @ b',
    'rate a',
  ];
  for (const expression of wrong)
    it(`refuses ${expression}`, () => {
      expect(() => usesOf(expression)).to.throw(/cannot read/);
    });
});
